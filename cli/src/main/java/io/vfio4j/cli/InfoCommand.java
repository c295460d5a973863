/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.Target;

import java.util.EnumSet;
import java.util.Set;

/** {@code info}: what a device is and has. */
final class InfoCommand implements Command {
    @Override
    public String name() {
        return "info";
    }

    @Override
    public String operands() {
        return "TARGET";
    }

    @Override
    public String summary() {
        return "say what a device is: identity, regions, interrupts, capabilities, features";
    }

    @Override
    public String details() {
        return """
        Opens the device, which wakes it; what its host side, sysfs or PATH.ctl, says of its power is
        asked before. vfio4j power status does not wake it.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(CommandOption.VIA, CommandOption.VF_TOKEN);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        Target target = arguments.target();
        DeviceFacts facts = DeviceFacts.ask(target, arguments.openOptions(target));
        if (arguments.json()) {
            terminal.say(new InfoJson(facts)::write);
        } else {
            terminal.say(new InfoText(facts).text());
        }
        return new Exit.Done();
    }
}
