/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.power.Delays;

import java.io.ByteArrayOutputStream;
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
        run(0, "--version");
        run(0, "--help");
        run(0, "power", "enter", "--help");
        for (Map<CommandOption, List<String>> options :
                List.of(
                        Map.<CommandOption, List<String>>of(),
                        Map.of(CommandOption.JSON, List.<String>of()))) {
            check(0, new DemoCommand(Delays.ZERO).run(new Arguments(List.of(), options), silent()));
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
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        Terminal terminal = new Terminal(out, silence(), () -> stop);
        String[] serve = {"serve", "edu", "--socket", socket.toString(), "--delays", "fast"};
        Thread server =
                Thread.ofPlatform()
                        .start(() -> {
                            Exit _ = Vfio4j.run(serve, terminal);
                        });
        try {
            DemoScene.await("the server", () -> said.size() > 0);
            ask("vfio-user:" + socket, socket + Arguments.CONTROL_SUFFIX);
        } finally {
            stop.request();
            join(server);
        }
    }

    private static void ask(String target, String host) {
        for (String form : List.of("--debug", "--json")) {
            run(0, "info", target, form);
            run(0, "power", "status", target, form);
            run(0, "power", "enter", target, "--for", "30ms", form);
            run(1, "power", "enter", target, "--wakeup", "--timeout", "30ms", form);
            run(0, "power", "exit", target, form);
            // Few of its cases, but each one's code: most of its start is making all of them.
            run(0, "conformance", target, "--only", "T.entry.*", "--only", "C.p*.D3hot", form);
            run(0, "host", host, "read", "config", form);
            run(0, "host", host, "read", "power_state", form);
            run(0, "host", host, "write", "power/control", "auto", form);
        }
    }

    private static void join(Thread server) {
        try {
            server.join();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private static void run(int code, String... words) {
        check(code, Vfio4j.run(words, silent()));
    }

    /** What does not work in training leaves a cache that is worse than it could be: say so. */
    private static void check(int code, Exit exit) {
        if (exit.code() != code) {
            throw new IllegalStateException("expected exit code %d, not %s".formatted(code, exit));
        }
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
