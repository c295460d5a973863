/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDescription;
import io.vfio4j.power.ContractState;

import org.awaitility.Awaitility;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Servers in this process, with real sockets, threads and time. */
final class Served implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(5);

    final Path directory;
    final EventLoop loop = new EventLoop();
    final VfioUserServer server = new VfioUserServer();
    final List<Path> sockets = new ArrayList<>();
    final List<Probe> models = new ArrayList<>();
    final List<HostedDevice> devices = new ArrayList<>();
    final List<DeviceService> services = new ArrayList<>();

    Served(int count) {
        this(count, Probe.DESCRIPTION);
    }

    Served(int count, PciDescription description) {
        try {
            directory = Files.createTempDirectory("vfio4j");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        for (int i = 0; i < count; i++) {
            Probe model = new Probe(description);
            HostedDevice device = new HostedDevice(model, HostOptions.system(loop));
            Path socket = directory.resolve("device" + i);
            services.add(server.serve(socket, device));
            sockets.add(socket);
            models.add(model);
            devices.add(device);
        }
    }

    static Served one() {
        return new Served(1);
    }

    Path socket() {
        return sockets.getFirst();
    }

    Probe model() {
        return models.getFirst();
    }

    HostedDevice device() {
        return devices.getFirst();
    }

    WireClient client() {
        return WireClient.open(socket());
    }

    ContractState contract() {
        return device().power().contractState();
    }

    /** Waits for a state without asking the device for anything, which would wake it. */
    void await(ContractState state) {
        Awaitility.await()
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> contract() == state && settled());
    }

    /** Waits until the last client's session is over. */
    void awaitClosed() {
        Awaitility.await()
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(1))
                .until(() ->
                        !device().power().state().contract().open()
                                && ServerThreads.running("vfio-user " + socket())
                                        .findAny()
                                        .isEmpty());
    }

    private boolean settled() {
        String status = device().power().runtimeStatus();
        return status.equals("active") || status.equals("suspended");
    }

    @Override
    public void close() {
        server.close();
        loop.close();
        try (var left = Files.list(directory)) {
            List<Path> files = left.toList();
            if (!files.isEmpty()) {
                throw new AssertionError("the server left its sockets behind: " + files);
            }
            Files.delete(directory);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
