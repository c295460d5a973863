/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bench.PathBench;
import io.vfio4j.bench.PathReport;
import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.Target;

import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@code bench path}: what it costs to get to a device, by mappings and by requests. */
final class PathBenchCommand implements Command {
    private static final Duration TIME = Duration.ofSeconds(10);

    @Override
    public String name() {
        return "bench path";
    }

    @Override
    public String operands() {
        return "TARGET...";
    }

    @Override
    public String summary() {
        return "measure the ways to a device: mapped registers, interrupts, DMA, requests";
    }

    @Override
    public String details() {
        return """
        Each target is opened in its turn and closed again, and compared with the first: they may be the
        same device, once itself and once passed on by a bridge. Registers that are plain storage are
        overwritten; a device of which none is known has fewer rows.
          vfio4j bench path 0000:01:00.0 vfio-user:/run/gpu.sock\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(CommandOption.TIME, CommandOption.VIA, CommandOption.VF_TOKEN);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        if (arguments.operands().isEmpty()) {
            throw new UsageException("TARGET (0000:01:00.0 or vfio-user:PATH) is missing");
        }
        List<Target> targets = arguments.operands().stream().map(Arguments::target).toList();
        if (new HashSet<>(targets).size() < targets.size()) {
            throw new UsageException("a target is named twice");
        }
        Duration time = arguments.duration(CommandOption.TIME).orElse(TIME);
        OpenOptions options =
                targets.stream()
                        .filter(Target.Pci.class::isInstance)
                        .findFirst()
                        .map(arguments::openOptions)
                        .orElseGet(() -> arguments.openOptions(targets.getFirst()));
        Stop stop = terminal.stops().get();
        PathReport report = PathBench.run(targets, options, time, stop::requested);
        terminal.say(arguments.json() ? report.toJson() : report.toTable().stripTrailing());
        return new Exit.Done();
    }
}
