/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A command that was run in this process.
 *
 * @param code its exit code
 * @param out what it printed
 * @param err what it complained of
 */
record Run(int code, String out, String err) {
    private static final JsonMapper JSON = new JsonMapper();

    /** Runs a command to its end. */
    static Run of(String... words) {
        return start(words).end();
    }

    /** Starts a command that runs until it is stopped. */
    static Running start(String... words) {
        Running running =
                new Running(
                        new Stop(),
                        new ByteArrayOutputStream(),
                        new ByteArrayOutputStream(),
                        new CompletableFuture<>());
        Thread.ofPlatform().daemon().start(() -> running.run(words));
        return running;
    }

    /** The lines that it printed. */
    List<String> lines() {
        return out.lines().toList();
    }

    /** The object that it printed as its only line. */
    JsonNode json() {
        List<JsonNode> objects = jsonLines();
        if (objects.size() != 1) {
            throw new AssertionError("not one object: " + out);
        }
        return objects.getFirst();
    }

    /** The objects that it printed, one a line. */
    List<JsonNode> jsonLines() {
        return out.lines().map(JSON::readTree).toList();
    }

    /** A command that is under way. */
    record Running(
            Stop stop,
            ByteArrayOutputStream out,
            ByteArrayOutputStream err,
            CompletableFuture<Integer> code) {
        private void run(String[] words) {
            try {
                Terminal terminal = new Terminal(stream(out), stream(err), () -> stop);
                code.complete(Vfio4j.run(words, terminal).code());
            } catch (RuntimeException | Error bug) {
                code.completeExceptionally(bug);
            }
        }

        private static PrintStream stream(ByteArrayOutputStream bytes) {
            return new PrintStream(bytes, true, StandardCharsets.UTF_8);
        }

        String printed() {
            return out.toString(StandardCharsets.UTF_8);
        }

        /** Waits for its end. */
        Run end() {
            int exit = code.join();
            return new Run(exit, printed(), err.toString(StandardCharsets.UTF_8));
        }
    }
}
