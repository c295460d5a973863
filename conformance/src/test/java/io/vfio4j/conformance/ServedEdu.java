/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.models.Edu;
import io.vfio4j.power.Delays;
import io.vfio4j.power.Profile;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** An edu on a socket, as quick as can be seen. */
final class ServedEdu implements Subject, AutoCloseable {
    private static final Delays QUICK =
            new Delays(
                    Duration.ofMillis(1),
                    Delays.SPEC.d2(),
                    Duration.ofMillis(2),
                    Duration.ofMillis(1),
                    Delays.SPEC.readyTimeout());

    private final KernelProfile profile;
    private final Path folder;
    private final EventLoop events = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();

    ServedEdu(KernelProfile profile) {
        this(profile, QUICK);
    }

    ServedEdu(KernelProfile profile, Delays delays) {
        this.profile = profile;
        try {
            folder = Files.createTempDirectory("vfio4j-conformance-test");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        HostOptions system = HostOptions.system(events);
        HostOptions options =
                new HostOptions(
                        system.scheduler(),
                        system.clock(),
                        system.watcher(),
                        Profile.named(profile.toString()).orElseThrow());
        server.serve(socket(), new HostedDevice(new Edu(delays), options));
    }

    Path socket() {
        return folder.resolve("edu.sock");
    }

    private Path control() {
        return folder.resolve("edu.sock.ctl");
    }

    @Override
    public VfioDevice open() {
        return VfioDevice.open("vfio-user:" + socket());
    }

    @Override
    public HostSide openHost() {
        return HostSide.connect(control());
    }

    @Override
    public String name() {
        return "edu";
    }

    @Override
    public boolean inKernel() {
        return false;
    }

    @Override
    public KernelProfile profile() {
        return profile;
    }

    @Override
    public void close() {
        server.close();
        events.close();
        try {
            Files.deleteIfExists(control());
            Files.deleteIfExists(socket());
            Files.delete(folder);
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }
}
