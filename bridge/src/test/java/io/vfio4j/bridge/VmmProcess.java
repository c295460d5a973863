/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MemFd;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A {@link Vmm} that is a process of its own, as real ones are: what it has mapped is to be seen.
 */
final class VmmProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader in;
    private final BufferedWriter out;

    VmmProcess(Path socket) {
        try {
            process =
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-XX:+UseSerialGC",
                                    "-XX:TieredStopAtLevel=1",
                                    "-XX:-CreateCoredumpOnCrash",
                                    "-Xmx64m",
                                    "-Xshare:auto",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    classPath(),
                                    VmmProcess.class.getName(),
                                    socket.toString())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        in = process.inputReader(StandardCharsets.US_ASCII);
        out = process.outputWriter(StandardCharsets.US_ASCII);
    }

    /** What a VMM is made of here. */
    private static String classPath() {
        return List.of(Fd.class, io.vfio4j.uapi.PciRegs.class, Puppet.class, VmmProcess.class)
                .stream()
                .map(VmmProcess::location)
                .distinct()
                .collect(Collectors.joining(":"));
    }

    /** In a patched module, the test classes lie elsewhere than the module says. */
    private static String location(Class<?> type) {
        try {
            String name = type.getName().replace('.', '/') + ".class";
            var url = type.getClassLoader().getResource(name);
            if (url != null && url.getProtocol().equals("file")) {
                String path = Path.of(url.toURI()).toString();
                return path.substring(0, path.length() - name.length());
            }
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString();
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    long process() {
        return process.pid();
    }

    /** What it says to that: {@code done}, or the errno of a reply. */
    String ask(String line) {
        try {
            out.write(line + "\n");
            out.flush();
            return String.valueOf(in.readLine());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** As by kill -9. */
    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** The other process itself. */
    public static void main(String[] arguments) throws IOException {
        Vmm vmm = new Vmm(Path.of(arguments[0]));
        Optional<Mapping> mapping = Optional.empty();
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            switch (line) {
                case "map" -> {
                    try (Fd file = vmm.barFile(2).getFirst()) {
                        mapping = Optional.of(Mapping.map(file, 0, 64 << 10, true));
                    }
                    System.out.println("done");
                }
                case "touch" -> {
                    mapping.orElseThrow().putInt(0, 1);
                    System.out.println("done");
                }
                case "unmap" -> {
                    mapping.orElseThrow().close();
                    System.out.println("done");
                }
                case "ram" -> {
                    try (MemFd memory = MemFd.create("guest", 1 << 20)) {
                        System.out.println(vmm.map(0, 1 << 20, Vmm.READ_WRITE, memory.fd()));
                    }
                }
                case "bar" -> {
                    vmm.place(2, 0xfe000000);
                    System.out.println(vmm.map(0xfe000000L, 64 << 10, Vmm.READ_WRITE));
                }
                case "d3hot" -> System.out.println(vmm.d3hot());
                case "d0" -> System.out.println(vmm.d0());
                default -> System.out.println("what?");
            }
        }
    }
}
