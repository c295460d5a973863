/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.HostSide;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the README shows is what there is. */
class ReadmeTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().resolveSibling(".").normalize();

    @Test
    void shouldShowExamplesThatAreCompiled() throws IOException {
        assertThat(blocks("java")).containsExactly(source("Adder"), source("AdderClient"));
    }

    @Test
    void shouldShowExamplesThatWork(@TempDir Path folder) throws Exception {
        Path socket = folder.resolve("adder.sock");
        String[] arguments = {socket.toString()};
        Thread server =
                Thread.ofPlatform()
                        .daemon()
                        .start(() -> {
                            try {
                                Adder.main(arguments);
                            } catch (InterruptedException stopped) {
                                Thread.currentThread().interrupt();
                            }
                        });
        PrintStream before = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        try {
            await().until(() -> Files.exists(Path.of(socket + ".ctl")));
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            Thread client = Thread.ofPlatform().daemon().start(() -> AdderClient.main(arguments));
            try (HostSide host = HostSide.connect(Path.of(socket + ".ctl"))) {
                await().until(() -> said.toString(StandardCharsets.UTF_8).contains("it may sleep"));
                DemoScene.awaitAsleep(host, "D3cold");
                byte[] _ = host.readConfig(0, 4);
            }
            client.join();
        } finally {
            System.setOut(before);
            server.interrupt();
            server.join();
        }

        assertThat(said.toString(StandardCharsets.UTF_8))
                .isEqualTo("sum 42\nit may sleep\nwoken 1 time\nsum 0: its power was cut\n");
    }

    /** Times differ from run to run, and so do the names of temporary folders. */
    @Test
    void shouldShowTheDemoAsItIs() throws IOException {
        String shown =
                blocks("console").stream()
                        .filter(block -> block.startsWith("$ ./vfio4j demo\n"))
                        .findFirst()
                        .orElseThrow();

        assertThat(withoutNumbers(shown.substring(shown.indexOf('\n') + 1)))
                .isEqualTo(withoutNumbers(Run.of("demo").out()));
    }

    private static List<String> withoutNumbers(String output) {
        return output.lines()
                .map(line -> line.replaceAll("/\\S+", "/").replaceAll(" *[0-9.]+ (ms|s)\\b", " #"))
                .map(line -> line.replaceAll("^ +[0-9.]+", "#"))
                .toList();
    }

    private static List<String> blocks(String language) throws IOException {
        Matcher blocks =
                Pattern.compile(
                                "^```" + language + "\n(.*?)^```$",
                                Pattern.DOTALL | Pattern.MULTILINE)
                        .matcher(Files.readString(ROOT.resolve("README.md")));
        return blocks.results().map(block -> block.group(1)).toList();
    }

    /** Without the licence, the package and the imports, which say nothing new. */
    private static String source(String name) throws IOException {
        String source =
                Files.readString(ROOT.resolve("cli/src/test/java/io/vfio4j/cli/" + name + ".java"));
        return source.substring(source.indexOf("/** "));
    }
}
