/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.util.Set;

/** One command of vfio4j. */
interface Command {
    /** Its name, one word or two: {@code power enter}. */
    String name();

    /** What follows the name, as a help text has it; empty if nothing does. */
    String operands();

    /** What it does, in a few words. */
    String summary();

    /** What else one should know, each line one of the help text; may be empty. */
    String details();

    /** The options it takes beside those that all take. */
    Set<CommandOption> options();

    /**
     * Does it.
     *
     * @param arguments what was given
     * @param terminal where to write, and what stops it
     * @return how it ended
     * @throws UsageException if the arguments mean nothing
     * @throws RuntimeException another, whose message is one sentence, if it failed
     */
    Exit run(Arguments arguments, Terminal terminal);
}
