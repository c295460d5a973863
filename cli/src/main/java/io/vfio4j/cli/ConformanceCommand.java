/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.conformance.Answer;
import io.vfio4j.conformance.Answers;
import io.vfio4j.conformance.AnswersFile;
import io.vfio4j.conformance.Conformance;
import io.vfio4j.conformance.Glob;
import io.vfio4j.conformance.KernelProfile;
import io.vfio4j.conformance.Report;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** {@code conformance}: asks a device whether it keeps the low-power contract. */
final class ConformanceCommand implements Command {
    @Override
    public String name() {
        return "conformance";
    }

    @Override
    public String operands() {
        return "TARGET";
    }

    @Override
    public String summary() {
        return "ask a device whether it keeps the low-power contract";
    }

    @Override
    public String details() {
        return """
        TARGET is a device that nobody else has open; its host side is used as well, and left as found.
        A case that the device cannot show is n/a, with the reason. Ends with 1 if a case failed, or on
        Ctrl-C or SIGTERM, which end the case that is under way; then nothing is written to a file.
        --kernel says whose answers are expected of a device behind a socket: %s.\
        """
                .formatted(versions());
    }

    static String versions() {
        List<String> versions = new ArrayList<>();
        for (KernelProfile profile : KernelProfile.verified()) {
            versions.add(profile.version());
        }
        return String.join(", ", versions);
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(
                CommandOption.ONLY,
                CommandOption.LIST,
                CommandOption.KERNEL,
                CommandOption.VIA,
                CommandOption.VF_TOKEN,
                CommandOption.OBSERVATIONS,
                CommandOption.TAP,
                CommandOption.JUNIT,
                CommandOption.ANSWERS);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        Predicate<String> chosen = Glob.anyOf(arguments.values(CommandOption.ONLY));
        if (Conformance.list().stream().map(Conformance.Entry::id).noneMatch(chosen)) {
            throw new UsageException(
                    "--only %s fits no case; --list shows them"
                            .formatted(String.join(" ", arguments.values(CommandOption.ONLY))));
        }
        if (arguments.has(CommandOption.LIST)) {
            arguments.none();
            list(chosen, arguments.json(), terminal);
            return new Exit.Done();
        }
        boolean table = !arguments.json();
        Function<Answer, List<String>> lines =
                arguments.has(CommandOption.OBSERVATIONS) ? Report::observations : Report::lines;
        // Before minutes of work would be lost.
        for (CommandOption file :
                List.of(CommandOption.TAP, CommandOption.JUNIT, CommandOption.ANSWERS)) {
            write(arguments, file, "");
        }
        Stop stop = terminal.stops().get();
        Answers answers;
        try (CommandSubject subject = CommandSubject.of(arguments)) {
            answers =
                    Conformance.run(
                            subject,
                            chosen,
                            stop::requested,
                            answer -> {
                                if (table) {
                                    lines.apply(answer).forEach(terminal::say);
                                }
                            });
        }
        if (stop.requested()) {
            throw new CommandException(
                    "conformance: stopped after %d cases; the host side is as it was found"
                            .formatted(answers.answers().size()));
        }
        write(arguments, CommandOption.TAP, Report.tap(answers));
        write(arguments, CommandOption.JUNIT, Report.junit(answers));
        write(arguments, CommandOption.ANSWERS, AnswersFile.write(answers));
        if (table) {
            Report.failures(answers).forEach(terminal::say);
            terminal.say(Report.summary(answers));
        } else {
            terminal.say(AnswersFile.write(answers).stripTrailing());
        }
        return answers.good() ? new Exit.Done() : new Exit.Negative();
    }

    private static void list(Predicate<String> chosen, boolean json, Terminal terminal) {
        for (Conformance.Entry entry : Conformance.list()) {
            if (!chosen.test(entry.id())) {
                continue;
            }
            if (json) {
                terminal.say(fields -> {
                    fields.writeStringProperty("id", entry.id());
                    fields.writeStringProperty("title", entry.title());
                    fields.writeStringProperty("cites", entry.citation());
                });
            } else {
                terminal.say(
                        String.format(
                                Locale.ROOT,
                                "%-28s %s (%s)",
                                entry.id(),
                                entry.title(),
                                entry.citation()));
            }
        }
    }

    private static void write(Arguments arguments, CommandOption option, String text) {
        Optional<String> file = arguments.value(option);
        if (file.isEmpty()) {
            return;
        }
        try {
            Files.writeString(Path.of(file.get()), text);
        } catch (NoSuchFileException missing) {
            throw unwritable(option, file.get(), "there is no such folder", missing);
        } catch (AccessDeniedException denied) {
            throw unwritable(option, file.get(), "permission denied", denied);
        } catch (IOException | InvalidPathException refused) {
            throw unwritable(option, file.get(), String.valueOf(refused.getMessage()), refused);
        }
    }

    private static CommandException unwritable(
            CommandOption option, String file, String why, Exception cause) {
        return new CommandException(
                "--%s: %s cannot be written: %s".formatted(option.longName(), file, why), cause);
    }
}
