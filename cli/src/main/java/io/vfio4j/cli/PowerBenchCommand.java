/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.bench.PowerBench;
import io.vfio4j.bench.PowerReport;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;

import java.util.EnumSet;
import java.util.Set;

/** {@code power bench}: how long a device takes to fall asleep and to wake. */
final class PowerBenchCommand implements Command {
    private static final int CYCLES = 100;

    @Override
    public String name() {
        return "power bench";
    }

    @Override
    public String operands() {
        return "TARGET";
    }

    @Override
    public String summary() {
        return "measure how long it takes to fall asleep and to wake";
    }

    @Override
    public String details() {
        return "In D3hot and in D3cold, whichever the device reaches. Nobody else may have it open.";
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(CommandOption.CYCLES, CommandOption.VIA, CommandOption.VF_TOKEN);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        Target target = arguments.target();
        OpenOptions options = arguments.openOptions(target);
        int cycles =
                arguments.value(CommandOption.CYCLES).map(PowerBenchCommand::cycles).orElse(CYCLES);
        // Asked for before the host side is changed: a signal then leaves it as it was.
        Stop stop = terminal.stops().get();
        try (VfioDevice device = VfioDevice.open(target, options);
                HostSide host = HostSide.beside(target)) {
            PowerReport report = PowerBench.run(device, host, cycles, stop::requested);
            terminal.say(arguments.json() ? report.toJson() : report.toTable().stripTrailing());
        }
        return new Exit.Done();
    }

    private static int cycles(String text) {
        try {
            int cycles = Integer.parseInt(text);
            if (cycles >= 1 && cycles <= PowerBench.MAX_CYCLES) {
                return cycles;
            }
        } catch (NumberFormatException _) {
            // Said below.
        }
        throw new UsageException(
                "--cycles takes a number from 1 to %d, not \"%s\""
                        .formatted(PowerBench.MAX_CYCLES, text));
    }
}
