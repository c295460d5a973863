/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** {@code write}: one register. */
final class WriteCommand implements Command {
    @Override
    public String name() {
        return "write";
    }

    @Override
    public String operands() {
        return "TARGET REGION OFFSET VALUE";
    }

    @Override
    public String summary() {
        return "write a register, by one access";
    }

    @Override
    public String details() {
        return """
        REGION is bar0 to bar5, or config. Opens the device, which wakes it.
          vfio4j write vfio-user:/tmp/edu.sock bar0 0x04 0x12345678\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return EnumSet.of(CommandOption.WIDTH, CommandOption.VIA, CommandOption.VF_TOKEN);
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        List<String> words = arguments.operands("TARGET", "REGION (like bar0)", "OFFSET", "VALUE");
        Target target = Arguments.target(words.get(0));
        RegionPlace place =
                RegionPlace.of(words.get(1), words.get(2), arguments.value(CommandOption.WIDTH));
        long value = RegionPlace.number(words.get(3), "VALUE");
        if (place.width() < Long.BYTES && value >>> (8 * place.width()) != 0) {
            throw new UsageException(
                    "VALUE %s does not fit %d bytes".formatted(words.get(3), place.width()));
        }
        try (VfioDevice device = VfioDevice.open(target, arguments.openOptions(target))) {
            place.write(device, value);
        }
        return new Exit.Done();
    }
}
