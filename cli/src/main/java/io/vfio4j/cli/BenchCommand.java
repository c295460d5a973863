/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bench.BenchOptions;
import io.vfio4j.bench.BenchReport;
import io.vfio4j.bench.BenchRun;
import io.vfio4j.client.Target;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code bench}: measures vfio-user servers, ours or others', beside a raw socket. */
final class BenchCommand implements Command {
    @Override
    public String name() {
        return "bench";
    }

    @Override
    public String operands() {
        return "TARGET...";
    }

    @Override
    public String summary() {
        return "measure vfio-user servers, beside the floor of a raw socket";
    }

    @Override
    public String details() {
        return """
        Several targets are measured in turns, slice by slice. It overwrites the first MiB of BAR0; DMA
        and interrupts are measured where BAR2 looks like that of vfio4j serve bench.
        Rows: %s\
        """
                .formatted(String.join("; ", BenchOptions.rowNames()));
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(
                CommandOption.TIME, CommandOption.WARM_UP, CommandOption.ROW, CommandOption.CPUS);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        BenchOptions options = options(arguments);
        try {
            BenchReport report = BenchRun.run(options, (_, _) -> {});
            terminal.say(arguments.json() ? report.toJson() : report.toTable().stripTrailing());
            return report.failed() ? new Exit.Negative() : new Exit.Done();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new CommandException("bench: interrupted", stopped);
        }
    }

    private static BenchOptions options(Arguments arguments) {
        if (arguments.operands().isEmpty()) {
            throw new UsageException("TARGET (vfio-user:PATH) is missing");
        }
        List<Path> sockets = arguments.operands().stream().map(BenchCommand::socket).toList();
        try {
            BenchOptions options =
                    BenchOptions.of(sockets)
                            .withRows(Set.copyOf(arguments.values(CommandOption.ROW)));
            options = arguments.duration(CommandOption.TIME).map(options::withTime).orElse(options);
            options =
                    arguments
                            .duration(CommandOption.WARM_UP)
                            .map(options::withWarmUp)
                            .orElse(options);
            Optional<String> cpus = arguments.value(CommandOption.CPUS);
            return cpus.isPresent() ? withCpus(options, cpus.get()) : options;
        } catch (IllegalArgumentException bad) {
            throw new UsageException(String.valueOf(bad.getMessage()));
        }
    }

    private static Path socket(String word) {
        return switch (Arguments.target(word)) {
            case Target.VfioUser(var socket) -> socket;
            case Target.Pci pci ->
                    throw new UsageException(
                            "it measures vfio-user servers, vfio-user:PATH, not %s".formatted(pci));
        };
    }

    private static BenchOptions withCpus(BenchOptions options, String text) {
        if (!text.matches("[0-9]{1,4},[0-9]{1,4}")) {
            throw new UsageException(
                    "--cpus takes two numbers like 0,1: the driver's and the servers', not \"%s\""
                            .formatted(text));
        }
        int comma = text.indexOf(',');
        return options.withCpus(
                Integer.parseInt(text.substring(0, comma)),
                Integer.parseInt(text.substring(comma + 1)));
    }
}
