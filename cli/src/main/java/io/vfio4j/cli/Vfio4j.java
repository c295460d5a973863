/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bench.BenchException;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.LinuxException;

/**
 * The vfio4j command in a process that has others things to do as well: finds the command that is
 * meant, runs it, and turns what went wrong into one line.
 *
 * <p>Any number of threads may each run a command.
 */
public final class Vfio4j {
    private Vfio4j() {}

    /**
     * Runs one command.
     *
     * @param words the command line, without the program's name
     * @param terminal where to write, and what stops the command
     * @return how it ended; what is to be said about that has been said
     */
    public static Exit run(String[] words, Terminal terminal) {
        Exit exit = heard(tryRun(words, terminal), terminal);
        switch (exit) {
            case Exit.Done done -> {}
            case Exit.Negative negative -> {}
            case Exit.Failed(String why, Throwable cause) -> complain(why, terminal);
            case Exit.Misused(String why) -> complain(why, terminal);
        }
        if (exit instanceof Exit.Failed failed && asksForTraces(words)) {
            failed.cause().printStackTrace(terminal.err());
        }
        terminal.out().flush();
        terminal.err().flush();
        return exit;
    }

    /** Nothing is done whose result could not be printed. */
    private static Exit heard(Exit exit, Terminal terminal) {
        if (exit instanceof Exit.Failed || exit instanceof Exit.Misused) {
            return exit;
        }
        return terminal.failure()
                .<Exit>map(failure ->
                        new Exit.Failed(
                                "standard output cannot be written: " + failure.getMessage(),
                                failure))
                .orElse(exit);
    }

    private static Exit tryRun(String[] words, Terminal terminal) {
        try {
            return Invocation.parse(words).run(terminal);
        } catch (UsageException misuse) {
            return new Exit.Misused(String.valueOf(misuse.getMessage()));
        } catch (CommandException | VfioException | LinuxException | BenchException failure) {
            return new Exit.Failed(String.valueOf(failure.getMessage()), failure);
        } catch (RuntimeException bug) {
            return new Exit.Failed(
                    "%s: this is a bug in vfio4j; --debug shows where".formatted(bug), bug);
        }
    }

    private static boolean asksForTraces(String[] words) {
        return java.util.List.of(words).contains("--" + CommandOption.DEBUG.longName());
    }

    private static void complain(String why, Terminal terminal) {
        terminal.err().println("vfio4j: " + why.replace('\n', ' '));
    }
}
