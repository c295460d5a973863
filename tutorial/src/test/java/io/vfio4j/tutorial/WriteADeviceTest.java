/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.VfioDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What docs/write-a-device.md shows is what is compiled and tested here. */
class WriteADeviceTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().resolveSibling(".").normalize();

    @Test
    void shouldShowCodeThatIsCompiled() throws IOException {
        List<String> sources = new ArrayList<>();
        for (String folder : List.of("main", "test")) {
            try (var files = Files.list(folder(folder))) {
                for (Path file : files.toList()) {
                    sources.add(Files.readString(file));
                }
            }
        }
        assertThat(blocks("java"))
                .isNotEmpty()
                .allSatisfy(
                        block -> assertThat(sources).anyMatch(source -> isPiece(block, source)));
    }

    /** As it stands there, whole lines of it, but for how far all of them are indented. */
    private static boolean isPiece(String block, String source) {
        for (int indent = 0; indent <= 16; indent += 4) {
            if (("\n" + source).contains("\n" + indented(block, indent))) {
                return true;
            }
        }
        return false;
    }

    private static String indented(String block, int indent) {
        StringBuilder text = new StringBuilder();
        block.lines()
                .forEach(line ->
                        text.append(line.isEmpty() ? "" : " ".repeat(indent) + line).append('\n'));
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource({
        "'', Thermometer",
        "Thermometer, AlarmThermometer",
        "AlarmThermometer, LoggingThermometer",
        "LoggingThermometer, SleepingThermometer"
    })
    void shouldShowAllThatAStepAdds(String before, String step) throws IOException {
        List<String> shown = lines(String.join("", blocks("java")));
        List<String> known = before.isEmpty() ? List.of() : body(before);

        assertThat(body(step))
                .filteredOn(line -> !known.contains(line))
                .allSatisfy(line -> assertThat(shown).contains(line));
    }

    /** Without licence, package and imports. */
    private static List<String> body(String name) throws IOException {
        String source = source(name);
        return lines(source.substring(source.indexOf(" {\n", source.indexOf("class ")) + 3));
    }

    /** Whatever the class is called, and however far they are indented. */
    private static List<String> lines(String code) {
        return code.replaceAll("\\b[A-Z][a-z]+Thermometer\\b", "Thermometer")
                .lines()
                .map(String::strip)
                .toList();
    }

    /** What a reader does: the first block into a file, and the command beneath it. */
    @Test
    void shouldShowAFirstDeviceThatRunsAsItStands(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("Thermometer.java");
        Files.writeString(file, blocks("java").getFirst());
        Path socket = folder.resolve("thermometer.sock");
        Process server =
                new ProcessBuilder(command(file, socket))
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(folder.resolve("log").toFile())
                        .start();
        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.exists(socket) || !server.isAlive());
            assertThat(Files.readString(folder.resolve("log"))).isEmpty();
            try (VfioDevice driver = VfioDevice.open("vfio-user:" + socket)) {
                assertThat(driver.readInt(0, 0)).isBetween(21_000, 21_999);
            }
        } finally {
            server.destroy();
            assertThat(server.waitFor(Duration.ofSeconds(20))).isTrue();
        }
    }

    /** As it stands in the document, with the modules from where the tests have them. */
    private static List<String> command(Path file, Path socket) throws IOException {
        String line = blocks("bash").getFirst().strip();
        List<String> words =
                new ArrayList<>(
                        Arrays.asList(
                                line.replace("\"$(head -n 1 .vfio4j/built)\"", "MODULES")
                                        .split(" ")));
        assertThat(words).startsWith("java", "-p", "MODULES");
        words.set(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.set(2, modules());
        words.replaceAll(word ->
                switch (word) {
                    case "Thermometer.java" -> file.toString();
                    case "/tmp/thermometer.sock" -> socket.toString();
                    default -> word;
                });
        return words;
    }

    /**
     * Without this module, which a reader's device does not need, and what is there for javac only.
     */
    private static String modules() {
        return Arrays.stream(System.getProperty("jdk.module.path", "").split(":"))
                .filter(entry -> !entry.contains("/tutorial/") && !entry.contains("jspecify"))
                .collect(Collectors.joining(":"));
    }

    private static List<String> blocks(String language) throws IOException {
        return Pattern.compile(
                        "^```" + language + "\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
                .matcher(Files.readString(ROOT.resolve("docs/write-a-device.md")))
                .results()
                .map(block -> block.group(1))
                .toList();
    }

    private static Path folder(String kind) {
        return ROOT.resolve("tutorial/src/" + kind + "/java/io/vfio4j/tutorial");
    }

    private static String source(String name) throws IOException {
        return Files.readString(folder("main").resolve(name + ".java"));
    }
}
