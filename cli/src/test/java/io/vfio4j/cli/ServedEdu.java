/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.models.Edu;
import io.vfio4j.power.Delays;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An edu device on a socket, for commands to work on. */
final class ServedEdu implements AutoCloseable {
    private final Path folder;
    private final EventLoop events = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();
    private final HostSide host;

    ServedEdu() {
        try {
            folder = Files.createTempDirectory("vfio4j-cli-test");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        server.serve(socket(), new HostedDevice(new Edu(Delays.ZERO), HostOptions.system(events)));
        host = HostSide.connect(Path.of(control()));
    }

    Path socket() {
        return folder.resolve("edu.sock");
    }

    String control() {
        return socket() + ".ctl";
    }

    String target() {
        return "vfio-user:" + socket();
    }

    /** The host's view of it. */
    HostSide host() {
        return host;
    }

    void stopServing() {
        server.close();
    }

    @Override
    public void close() {
        host.close();
        server.close();
        events.close();
        try {
            Files.deleteIfExists(Path.of(control()));
            Files.deleteIfExists(socket());
            Files.delete(folder);
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }
}
