/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDevice;
import io.vfio4j.models.Bench;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Our own server in this process, with one device at one socket. */
final class ServedBench implements AutoCloseable {
    private final Path directory;
    private final Path socket;
    private final EventLoop loop = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();

    ServedBench() {
        this(new Bench());
    }

    ServedBench(PciDevice device) {
        try {
            directory = Files.createTempDirectory("vfio4j-bench-test");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        socket = directory.resolve("socket");
        server.serve(socket, new HostedDevice(device, HostOptions.system(loop)));
    }

    Path socket() {
        return socket;
    }

    @Override
    public void close() {
        server.close();
        loop.close();
        try {
            Files.deleteIfExists(directory);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
