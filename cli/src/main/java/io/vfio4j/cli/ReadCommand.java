/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** {@code read}: one register. */
final class ReadCommand implements Command {
    @Override
    public String name() {
        return "read";
    }

    @Override
    public String operands() {
        return "TARGET REGION OFFSET";
    }

    @Override
    public String summary() {
        return "read a register, by one access";
    }

    @Override
    public String details() {
        return """
        REGION is bar0 to bar5, or config. Opens the device, which wakes it.
          vfio4j read vfio-user:/tmp/edu.sock bar0 0x04\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(CommandOption.WIDTH, CommandOption.VIA, CommandOption.VF_TOKEN);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        List<String> words = arguments.operands("TARGET", "REGION (like bar0)", "OFFSET");
        Target target = Arguments.target(words.get(0));
        RegionPlace place =
                RegionPlace.of(words.get(1), words.get(2), arguments.value(CommandOption.WIDTH));
        try (VfioDevice device = VfioDevice.open(target, arguments.openOptions(target))) {
            String value = place.text(place.read(device));
            if (arguments.json()) {
                terminal.say(fields -> fields.writeStringProperty("value", value));
            } else {
                terminal.say(value);
            }
        }
        return new Exit.Done();
    }
}
