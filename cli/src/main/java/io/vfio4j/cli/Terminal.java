/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import tools.jackson.core.JsonGenerator;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What a command has around it: where it writes, and who stops it.
 *
 * @param out for what was asked
 * @param err for what went wrong, and for logs
 * @param stops gives the command the request to end; called by commands that run until stopped only
 */
public record Terminal(PrintStream out, PrintStream err, Supplier<Stop> stops) {
    /** Prints a line, at once: a reader at the other end of a pipe waits for it. */
    void say(String line) {
        out.println(line);
        out.flush();
    }

    /** Prints an object as one line of JSON. */
    void say(Consumer<JsonGenerator> fields) {
        say(Json.object(fields));
    }

    /** Why something could not be printed, where that is a failure and not a reader's choice. */
    Optional<IOException> failure() {
        return out.checkError() && out instanceof StandardOutput standard
                ? standard.failure()
                : Optional.empty();
    }

    /** Whether nobody reads what is printed any more. */
    boolean unheard() {
        return out.checkError();
    }
}
