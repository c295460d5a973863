/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Another process that has mapped a descriptor of this one, as a second process of a VMM would. */
final class OtherProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader in;
    private final BufferedWriter out;

    OtherProcess(Fd fd, long size) {
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
                                    String.join(
                                            ":",
                                            List.of(
                                                    location(Fd.class),
                                                    location(OtherProcess.class))),
                                    OtherProcess.class.getName(),
                                    "/proc/%d/fd/%d"
                                            .formatted(ProcessHandle.current().pid(), fd.number()),
                                    Long.toString(size))
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        in = process.inputReader(StandardCharsets.US_ASCII);
        out = process.outputWriter(StandardCharsets.US_ASCII);
        expect("mapped");
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

    /** The 4 bytes at an offset, or "fault". */
    String get(long offset) {
        return ask("get " + offset);
    }

    /** "done" or "fault". */
    String put(long offset, int value) {
        return ask("put %d %d".formatted(offset, value));
    }

    private String ask(String line) {
        try {
            out.write(line + "\n");
            out.flush();
            return String.valueOf(in.readLine());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void expect(String line) {
        try {
            String got = in.readLine();
            if (!line.equals(got)) {
                throw new AssertionError("the other process said " + got);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** The other process itself. */
    public static void main(String[] arguments) throws IOException {
        try (Fd fd = Fd.open(Path.of(arguments[0]), true);
                Mapping mapping = Mapping.map(fd, 0, Long.parseLong(arguments[1]), true)) {
            System.out.println("mapped");
            var lines =
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.out.println(answer(mapping, line.split(" ", -1)));
            }
        }
    }

    private static String answer(Mapping mapping, String[] words) {
        try {
            long offset = Long.parseLong(words[1]);
            if (words[0].equals("get")) {
                return Integer.toString(mapping.getInt(offset));
            }
            mapping.putInt(offset, Integer.parseInt(words[2]));
            return "done";
        } catch (MappingFaultException fault) {
            return "fault";
        }
    }
}
