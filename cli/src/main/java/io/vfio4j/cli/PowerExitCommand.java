/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.DeviceBusyException;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;

import java.util.EnumSet;
import java.util.Set;

/** {@code power exit}: ends low power, by the feature of that name. */
final class PowerExitCommand implements Command {
    @Override
    public String name() {
        return "power exit";
    }

    @Override
    public String operands() {
        return "TARGET";
    }

    @Override
    public String summary() {
        return "end low power";
    }

    @Override
    public String details() {
        return """
        Low power belongs to the client that entered it and ends when that client leaves, so this opens
        the device, performs LOW_POWER_EXIT, which always succeeds, and leaves. A device that another
        process has is not touched: the error says so.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(CommandOption.VIA, CommandOption.VF_TOKEN);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        Target target = arguments.target();
        try (VfioDevice device = VfioDevice.open(target, arguments.openOptions(target))) {
            device.exitLowPower();
        } catch (DeviceBusyException held) {
            throw new CommandException(
                    ("power exit %s: EBUSY, another client has the device: low power ends when that one"
                                    + " leaves; to wake the device now, vfio4j host %s write"
                                    + " power/control on")
                            .formatted(target, hostSide(target)),
                    held);
        }
        if (arguments.json()) {
            terminal.say(fields -> {
                fields.writeStringProperty("target", target.toString());
                fields.writeStringProperty("low_power", "off");
            });
        } else {
            terminal.say("low power is off: " + target);
        }
        return new Exit.Done();
    }

    /** What vfio4j host takes for it. */
    private static String hostSide(Target target) {
        return switch (target) {
            case Target.Pci(var address) -> address.toString();
            case Target.VfioUser user -> user.controlSocket().toString();
        };
    }
}
