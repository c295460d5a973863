/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.UnixListener;
import io.vfio4j.linux.UnixStream;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Starts {@link FloorPeer} in a Java virtual machine like this one. It ends when its connection
 * does, so with this process at the latest.
 */
final class FloorProcess {
    private static final int SOCKET_MODE = 0600;
    private static final Duration START = Duration.ofSeconds(30);

    private FloorProcess() {}

    /**
     * Starts one.
     *
     * @param cpu what to bind its thread to, if anything
     * @return the connection to it
     * @throws BenchException if it does not start
     */
    static UnixStream start(OptionalInt cpu) {
        try {
            Path directory = Files.createTempDirectory("vfio4j-bench");
            try {
                return start(directory.resolve("floor"), cpu);
            } finally {
                Files.deleteIfExists(directory);
            }
        } catch (IOException failed) {
            throw new BenchException("the floor's peer could not be started: " + failed, failed);
        }
    }

    private static UnixStream start(Path socket, OptionalInt cpu) throws IOException {
        try (UnixListener listener = UnixListener.bind(socket, SOCKET_MODE)) {
            Process process =
                    new ProcessBuilder(command(socket, cpu))
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            closeAfter(process, listener);
            return listener.accept();
        } catch (LinuxException failed) {
            throw new BenchException("the floor's peer did not connect: " + failed, failed);
        }
    }

    /** A peer that ends, or hangs, before it connects must not leave us waiting. */
    private static void closeAfter(Process process, UnixListener listener) {
        CompletableFuture<Void> _ =
                process.onExit()
                        .orTimeout(START.toSeconds(), TimeUnit.SECONDS)
                        .handle((_, _) -> {
                            listener.close();
                            return null;
                        });
    }

    private static List<String> command(Path socket, OptionalInt cpu) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:+UseSerialGC");
        Module module = FloorPeer.class.getModule();
        if (module.isNamed()) {
            String modulePath = System.getProperty("jdk.module.path", "");
            if (!modulePath.isEmpty()) {
                command.addAll(List.of("--module-path", modulePath));
            }
            command.add("--enable-native-access=io.vfio4j.linux");
            command.addAll(List.of("--module", module.getName() + "/" + FloorPeer.class.getName()));
        } else {
            command.addAll(List.of("--class-path", System.getProperty("java.class.path", "")));
            command.add("--enable-native-access=ALL-UNNAMED");
            command.add(FloorPeer.class.getName());
        }
        command.add(socket.toString());
        cpu.ifPresent(number -> command.add(Integer.toString(number)));
        return command;
    }
}
