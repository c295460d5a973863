/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.DeviceNotFoundException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.HostAttribute;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** {@code power status}: what the host side says, without waking the device. */
final class PowerStatusCommand implements Command {
    private static final List<HostAttribute> SHOWN =
            List.of(
                    HostAttribute.POWER_STATE,
                    HostAttribute.POWER_RUNTIME_STATUS,
                    HostAttribute.POWER_RUNTIME_USAGE,
                    HostAttribute.POWER_CONTROL,
                    HostAttribute.D3COLD_ALLOWED,
                    HostAttribute.POWER_RUNTIME_ACTIVE_TIME,
                    HostAttribute.POWER_RUNTIME_SUSPENDED_TIME);

    @Override
    public String name() {
        return "power status";
    }

    @Override
    public String operands() {
        return "TARGET";
    }

    @Override
    public String summary() {
        return "say whether the device sleeps";
    }

    @Override
    public String details() {
        return """
        Asks the host side, sysfs or PATH.ctl, which does not wake the device and works while another
        process has it, and for a device of this machine whatever its driver is. Where a vfio-user
        device has no host side it asks the device, which wakes it. Of a device that is passed on by
        vfio4j bridge it shows what the guest is promised, and where it is on its way to sleep.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return Set.of();
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        Target target = arguments.target();
        try (HostSide host = HostSide.beside(target)) {
            ofHost(target, HostFacts.readAll(host, SHOWN), arguments.json(), terminal);
        } catch (DeviceNotFoundException noHostSide) {
            if (target instanceof Target.Pci) {
                throw noHostSide;
            }
            try (VfioDevice device = VfioDevice.open(target)) {
                ofDevice(
                        target, PciConfig.of(device).powerManagement(), arguments.json(), terminal);
            }
        }
        return new Exit.Done();
    }

    private static void ofHost(Target target, HostFacts facts, boolean json, Terminal terminal) {
        if (json) {
            terminal.say(fields -> {
                fields.writeStringProperty("target", target.toString());
                fields.writeBooleanProperty("woken_to_ask", false);
                facts.write(fields);
            });
        } else {
            facts.values()
                    .forEach((attribute, value) ->
                            terminal.say(
                                    String.format(
                                            Locale.ROOT,
                                            "%-29s %s%s",
                                            attribute,
                                            value,
                                            HostFacts.unit(attribute))));
        }
    }

    private static void ofDevice(
            Target target, Optional<PciPowerManagement> power, boolean json, Terminal terminal) {
        String state = power.map(PciPowerManagement::state).orElse("no power management");
        if (json) {
            terminal.say(fields -> {
                fields.writeStringProperty("target", target.toString());
                fields.writeBooleanProperty("woken_to_ask", true);
                fields.writeStringProperty("pmcsr", state);
            });
        } else {
            terminal.say(String.format(Locale.ROOT, "%-29s %s", "PMCSR", state));
            terminal.say("(there is no host side; the device was woken to ask)");
        }
    }
}
