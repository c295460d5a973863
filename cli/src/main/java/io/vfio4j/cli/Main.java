/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The process: {@code vfio4j COMMAND …}. */
public final class Main {
    private Main() {}

    /**
     * Runs a command and ends the process with its exit code.
     *
     * @param words the command line
     */
    public static void main(String[] words) {
        // Numbers are for programs as well: they look the same everywhere.
        Locale.setDefault(Locale.ROOT);
        ProcessEnd end = new ProcessEnd();
        Terminal terminal =
                new Terminal(
                        new StandardOutput(new FileOutputStream(FileDescriptor.out)),
                        stream(FileDescriptor.err),
                        end::stop);
        end.exit(Vfio4j.run(words, terminal).code());
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }
}
