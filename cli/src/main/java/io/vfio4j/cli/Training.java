/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.power.Delays;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Runs the usual commands once, in silence, so that the JVM can keep what it loads and links for
 * them (an AOT cache, JEP 514): the launcher does this after it has built.
 */
public final class Training {
    private Training() {}

    /**
     * Runs them.
     *
     * @param words none
     * @throws IOException if there is no place for a socket
     */
    public static void main(String[] words) throws IOException {
        run("--version");
        run("--help");
        run("power", "enter", "--help");
        for (Map<CommandOption, List<String>> options :
                List.of(
                        Map.<CommandOption, List<String>>of(),
                        Map.of(CommandOption.JSON, List.<String>of()))) {
            Exit _ = new DemoCommand(Delays.FAST).run(new Arguments(List.of(), options), silent());
        }
        Path folder = Files.createTempDirectory("vfio4j-training");
        try {
            served(folder.resolve("edu.sock"));
        } finally {
            Files.delete(folder);
        }
    }

    private static void served(Path socket) {
        Stop stop = new Stop();
        Thread server =
                Thread.ofPlatform()
                        .start(() -> {
                            Terminal terminal = new Terminal(silence(), silence(), () -> stop);
                            Exit _ =
                                    Vfio4j.run(
                                            new String[] {
                                                "serve",
                                                "edu",
                                                "--socket",
                                                socket.toString(),
                                                "--delays",
                                                "fast"
                                            },
                                            terminal);
                        });
        String target = "vfio-user:" + socket;
        String host = socket + Arguments.CONTROL_SUFFIX;
        DemoScene.await("the server", () -> Files.exists(Path.of(host)));
        for (String form : List.of("--debug", "--json")) {
            run("info", target, form);
            run("power", "status", target, form);
            run("power", "enter", target, "--for", "30ms", form);
            run("power", "enter", target, "--wakeup", "--timeout", "30ms", form);
            run("power", "exit", target, form);
            run("host", host, "read", "config", form);
            run("host", host, "read", "power_state", form);
            run("host", host, "write", "power/control", "auto", form);
        }
        stop.request();
        try {
            server.join();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static void run(String... words) {
        Exit _ = Vfio4j.run(words, silent());
    }

    private static Terminal silent() {
        return new Terminal(silence(), silence(), Stop::new);
    }

    private static PrintStream silence() {
        try {
            return new PrintStream("/dev/null", StandardCharsets.UTF_8);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
