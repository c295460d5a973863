/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A command line, taken apart. All options are known before the command is, so that they can stand
 * anywhere: before the command, between its operands, or behind them.
 *
 * @param words what is no option
 * @param options the options, each with its values
 */
record Invocation(List<String> words, Map<CommandOption, List<String>> options) {

    /**
     * Takes a command line apart.
     *
     * @throws UsageException if an option does not exist or lacks its value
     */
    static Invocation parse(String[] line) {
        Options known = new Options();
        for (CommandOption option : CommandOption.values()) {
            known.addOption(option.toLibrary());
        }
        try {
            CommandLine parsed =
                    DefaultParser.builder().setAllowPartialMatching(false).get().parse(known, line);
            Map<CommandOption, List<String>> options = new EnumMap<>(CommandOption.class);
            for (Option option : parsed.getOptions()) {
                options.computeIfAbsent(
                                CommandOption.of(option).orElseThrow(), key -> new ArrayList<>())
                        .addAll(option.getValuesList());
            }
            return new Invocation(List.copyOf(parsed.getArgList()), options);
        } catch (UnrecognizedOptionException unknown) {
            throw new UsageException(
                    ("there is no option %s; vfio4j --help lists the commands, vfio4j COMMAND --help"
                                    + " the options of one")
                            .formatted(unknown.getOption()));
        } catch (MissingArgumentException missing) {
            throw new UsageException(missingValue(missing));
        } catch (ParseException bad) {
            throw new UsageException(String.valueOf(bad.getMessage()));
        }
    }

    private static String missingValue(MissingArgumentException missing) {
        return CommandOption.of(missing.getOption())
                .map(option -> "a value is missing: " + option.usage())
                .orElse(String.valueOf(missing.getMessage()));
    }

    /**
     * Runs the command that is meant.
     *
     * @throws UsageException if none is, or not so
     */
    Exit run(Terminal terminal) {
        Optional<Command> named = Commands.of(words);
        if (options.containsKey(CommandOption.HELP)) {
            return help(named, terminal);
        }
        if (named.isEmpty() && words.isEmpty() && options.containsKey(CommandOption.VERSION)) {
            return Version.print(terminal, options.containsKey(CommandOption.JSON));
        }
        Command command = named.orElseThrow(this::noCommand);
        try {
            return command.run(arguments(command), terminal);
        } catch (UsageException misuse) {
            throw new UsageException(
                    "%s: %s (vfio4j %1$s --help says more)"
                            .formatted(command.name(), misuse.getMessage()));
        }
    }

    private Arguments arguments(Command command) {
        for (CommandOption option : options.keySet()) {
            if (!option.general() && !command.options().contains(option)) {
                throw new UsageException("it takes no --" + option.longName());
            }
        }
        int name = Commands.name(command).size();
        return new Arguments(words.subList(name, words.size()), options);
    }

    private Exit help(Optional<Command> named, Terminal terminal) {
        if (named.isPresent()) {
            terminal.say(Help.of(named.get()));
        } else if (words.isEmpty()) {
            terminal.say(Help.ofAll());
        } else if (!Commands.group(words.getFirst()).isEmpty() && words.size() == 1) {
            terminal.say(Help.ofGroup(words.getFirst()));
        } else {
            throw noCommand();
        }
        return new Exit.Done();
    }

    private UsageException noCommand() {
        if (words.isEmpty()) {
            return new UsageException(
                    "say what to do: %s (vfio4j --help says more)".formatted(firstWords()));
        }
        String word = words.getFirst();
        String group =
                Commands.group(word).stream()
                        .map(command -> Commands.name(command).getLast())
                        .collect(Collectors.joining(", "));
        if (group.isEmpty()) {
            return new UsageException(
                    "there is no command \"%s\", only %s (vfio4j --help says more)"
                            .formatted(word, firstWords()));
        }
        return new UsageException(
                "%s: say what, one of %s (vfio4j %1$s --help says more)".formatted(word, group));
    }

    private static String firstWords() {
        return Commands.all().stream()
                .map(command -> Commands.name(command).getFirst())
                .distinct()
                .collect(Collectors.joining(", "));
    }
}
