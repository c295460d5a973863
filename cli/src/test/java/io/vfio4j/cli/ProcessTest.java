/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Commands as processes of their own: what only a process has, its exit code and its signals. */
@Timeout(60)
class ProcessTest {
    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void shouldEndAServerCleanlyOnASignal(String signal) throws Exception {
        Path socket = folder.resolve("edu.sock");
        Command serve = start("serve", "edu", "--socket", socket.toString());
        serve.awaitOutput("listening");

        serve.signal(signal);

        assertThat(serve.process().waitFor()).isZero();
        assertThat(serve.output()).isEqualTo("listening " + socket + "\n");
        assertThat(socket).doesNotExist();
        assertThat(Path.of(socket + ".ctl")).doesNotExist();
    }

    @Test
    void shouldEndABridgeCleanlyOnASignalWhileItHasAClient() throws Exception {
        Path behind = folder.resolve("edu.sock");
        Path socket = folder.resolve("b.sock");
        Command serve = start("serve", "edu", "--socket", behind.toString());
        serve.awaitOutput("listening");
        Command bridge = start("bridge", "vfio-user:" + behind, "--socket", socket.toString());
        bridge.awaitOutput("listening " + socket);
        Command client = start("power", "enter", "vfio-user:" + socket);
        client.awaitOutput("asleep");
        assertThat(Run.of("host", socket + ".ctl", "read", "bridge/client").out())
                .isEqualTo(client.process().pid() + " java\n");

        bridge.signal("TERM");

        assertThat(bridge.process().waitFor()).isZero();
        assertThat(client.process().waitFor()).isEqualTo(1);
        assertThat(socket).doesNotExist();
        assertThat(Path.of(socket + ".ctl")).doesNotExist();
        assertThat(Run.of("host", behind + ".ctl", "read", "d3cold_allowed").out())
                .isEqualTo("1\n");
        serve.signal("TERM");
        assertThat(serve.process().waitFor()).isZero();
    }

    @Test
    void shouldTellOneProcessOnceThatAnotherWokeTheDeviceOfAThird() throws Exception {
        Path socket = folder.resolve("edu.sock");
        Command serve = start("serve", "edu", "--socket", socket.toString());
        serve.awaitOutput("listening");
        Command enter = start("power", "enter", "vfio-user:" + socket, "--wakeup");
        enter.awaitOutput("asleep");

        Command first = start("host", socket + ".ctl", "write", "power/control", "on");
        assertThat(first.process().waitFor()).isZero();
        assertThat(enter.process().waitFor()).isZero();

        assertThat(enter.output()).containsOnlyOnce("woken").contains("signalled once");
        serve.signal("TERM");
        assertThat(serve.process().waitFor()).isZero();
    }

    @Test
    void shouldEndLowPowerWhenItsProcessIsStopped() throws Exception {
        Path socket = folder.resolve("edu.sock");
        Command serve = start("serve", "edu", "--socket", socket.toString(), "--delays", "fast");
        serve.awaitOutput("listening");
        Command enter = start("power", "enter", "vfio-user:" + socket);
        enter.awaitOutput("asleep");

        enter.signal("TERM");

        assertThat(enter.process().waitFor()).isZero();
        assertThat(enter.output()).endsWith("low power is off\n");
        assertThat(Run.of("power", "exit", "vfio-user:" + socket).code()).isZero();
        serve.signal("TERM");
        assertThat(serve.process().waitFor()).isZero();
    }

    @Test
    void shouldHaveTheExitCodeOfTheCommand() throws Exception {
        Command misuse = start("nonsense");
        Command failure = start("info", "vfio-user:/nowhere/edu.sock");

        assertThat(misuse.process().waitFor()).isEqualTo(2);
        assertThat(failure.process().waitFor()).isEqualTo(1);
        assertThat(misuse.output()).startsWith("vfio4j: there is no command").hasLineCount(1);
    }

    @Test
    void shouldFailIfItsOutputCannotBeWritten() throws Exception {
        Path socket = folder.resolve("edu.sock");
        for (String[] words :
                List.of(
                        new String[] {"--help"},
                        new String[] {"serve", "edu", "--socket", socket.toString()})) {
            ProcessBuilder builder = builder(words).redirectOutput(Path.of("/dev/full").toFile());
            Process process = builder.redirectErrorStream(false).start();

            String complaint =
                    new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).isEqualTo(1);
            assertThat(complaint)
                    .startsWith("vfio4j: standard output cannot be written: ")
                    .hasLineCount(1);
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void shouldNotMindAReaderThatHasReadEnough() throws Exception {
        Process process = builder("--help").redirectErrorStream(false).start();
        process.getInputStream().close();

        assertThat(process.getErrorStream().readAllBytes()).isEmpty();
        assertThat(process.waitFor()).isZero();
    }

    private static Command start(String... words) throws IOException {
        Path output = Files.createTempFile("vfio4j-cli-test", ".out");
        output.toFile().deleteOnExit();
        return new Command(builder(words).redirectOutput(output.toFile()).start(), output);
    }

    private static ProcessBuilder builder(String... words) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "--enable-native-access=io.vfio4j.linux",
                                "-p",
                                System.getProperty("jdk.module.path"),
                                "-m",
                                "io.vfio4j.cli/io.vfio4j.cli.Main"));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // What a build's environment says to all JVMs would be printed.
        builder.environment()
                .keySet()
                .removeIf(name -> name.matches("JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS"));
        return builder;
    }

    private record Command(Process process, Path file) {
        String output() throws IOException {
            return Files.readString(file);
        }

        void awaitOutput(String text) {
            await().until(() -> output().contains(text));
        }

        void signal(String name) throws Exception {
            Process kill =
                    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
            assertThat(kill.waitFor()).isZero();
        }
    }
}
