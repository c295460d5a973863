/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.PciAddress;
import io.vfio4j.client.VfioPciBinding;

import java.util.Optional;
import java.util.Set;

/** {@code unbind}: gives a device back from vfio-pci to its usual driver. */
final class UnbindCommand implements Command {
    @Override
    public String name() {
        return "unbind";
    }

    @Override
    public String operands() {
        return "BDF";
    }

    @Override
    public String summary() {
        return "give a device back from vfio-pci to its usual driver";
    }

    @Override
    public String details() {
        return """
        The kernel chooses the driver, as when the machine started; a device that vfio-pci does not
        have stays as it is. Refuses while a program has the device open, since the kernel would wait
        for that one. Needs root.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return Set.of();
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        PciAddress address = arguments.address();
        Optional<String> driver = VfioPciBinding.release(address);
        if (arguments.json()) {
            terminal.say(fields -> {
                fields.writeStringProperty("device", address.toString());
                driver.ifPresent(name -> fields.writeStringProperty("driver", name));
            });
        } else {
            terminal.say(
                    "%s is bound to %s"
                            .formatted(
                                    address,
                                    driver.orElse("no driver: none that is loaded takes it")));
        }
        return new Exit.Done();
    }
}
