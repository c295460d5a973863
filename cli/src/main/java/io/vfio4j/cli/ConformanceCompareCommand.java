/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.conformance.Answers;
import io.vfio4j.conformance.AnswersFile;
import io.vfio4j.conformance.Comparison;

import tools.jackson.core.JsonGenerator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** {@code conformance compare}: whether several targets gave the same answers. */
final class ConformanceCompareCommand implements Command {
    @Override
    public String name() {
        return "conformance compare";
    }

    @Override
    public String operands() {
        return "FILE FILE...";
    }

    @Override
    public String summary() {
        return "say whether several targets gave the same answers";
    }

    @Override
    public String details() {
        return """
        FILE is what conformance --answers has written, one for each target. Ends with 1 if a case's
        verdict or observations differ other than docs/conformance.md allows, or if one failed.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return Set.of();
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        if (arguments.operands().size() < 2) {
            throw new UsageException("FILE FILE (two or more) is missing");
        }
        List<Answers> targets =
                arguments.operands().stream().map(ConformanceCompareCommand::read).toList();
        Comparison comparison = Comparison.of(targets);
        if (arguments.json()) {
            comparison.rows().forEach(row -> terminal.say(fields -> write(fields, row)));
        } else {
            comparison.lines().forEach(terminal::say);
        }
        return comparison.good() ? new Exit.Done() : new Exit.Negative();
    }

    private static void write(JsonGenerator fields, Comparison.Row row) {
        fields.writeStringProperty("id", row.id());
        fields.writeArrayPropertyStart("marks");
        row.marks().forEach(mark -> fields.writeString(mark.name()));
        fields.writeEndArray();
        fields.writeArrayPropertyStart("troubles");
        row.troubles().forEach(fields::writeString);
        fields.writeEndArray();
    }

    private static Answers read(String file) {
        try {
            return AnswersFile.read(Files.readString(Path.of(file)));
        } catch (IOException | InvalidPathException refused) {
            throw new CommandException(
                    "%s cannot be read: %s".formatted(file, refused.getMessage()), refused);
        } catch (IllegalArgumentException bad) {
            throw new CommandException("%s: %s".formatted(file, bad.getMessage()), bad);
        }
    }
}
