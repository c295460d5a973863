/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.Target;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.models.Edu;
import io.vfio4j.power.Delays;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** The device behind a bridge: one that is served, and that has a host side. */
final class ServedEdu implements AutoCloseable {
    private final Path socket;
    private final EventLoop events = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();
    private final HostedDevice device;

    ServedEdu(Path folder) {
        this(folder, UnaryOperator.identity());
    }

    ServedEdu(Path folder, UnaryOperator<PowerManagement> power) {
        socket = folder.resolve("edu.sock");
        device =
                new HostedDevice(new Edu(Delays.ZERO), HostOptions.system(events).withPower(power));
        server.serve(socket, device);
    }

    Target.VfioUser target() {
        return new Target.VfioUser(socket);
    }

    /** What really is, seen past everything. */
    HostedDevice device() {
        return device;
    }

    @Override
    public void close() {
        server.close();
        events.close();
    }
}
