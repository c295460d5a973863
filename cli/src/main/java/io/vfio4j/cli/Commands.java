/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.util.List;
import java.util.Optional;

/** All commands, in the order in which a help text lists them. */
final class Commands {
    private static final List<Command> ALL =
            List.of(
                    new DemoCommand(),
                    new ServeCommand(),
                    new BridgeCommand(),
                    new BindCommand(),
                    new UnbindCommand(),
                    new InfoCommand(),
                    new ReadCommand(),
                    new WriteCommand(),
                    new PowerStatusCommand(),
                    new PowerEnterCommand(),
                    new PowerExitCommand(),
                    new PowerWatchCommand(),
                    new PowerBenchCommand(),
                    new HostCommand(),
                    new ConformanceCompareCommand(),
                    new ConformanceCommand(),
                    new SleepersCommand(),
                    new PathBenchCommand(),
                    new BenchCommand());

    private Commands() {}

    static List<Command> all() {
        return ALL;
    }

    /** The command whose name these words begin with. */
    static Optional<Command> of(List<String> words) {
        return ALL.stream().filter(command -> begins(words, name(command))).findFirst();
    }

    /** Commands of two words whose first is this one. */
    static List<Command> group(String word) {
        return ALL.stream().filter(command -> command.name().startsWith(word + " ")).toList();
    }

    /** The words of a command's name. */
    static List<String> name(Command command) {
        return List.of(command.name().split(" "));
    }

    private static boolean begins(List<String> words, List<String> name) {
        return words.size() >= name.size() && words.subList(0, name.size()).equals(name);
    }
}
