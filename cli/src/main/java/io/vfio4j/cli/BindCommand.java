/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.PciAddress;
import io.vfio4j.client.SysfsPci;
import io.vfio4j.client.VfioException;
import io.vfio4j.client.VfioPciBinding;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code bind}: gives a device of this machine to vfio-pci. */
final class BindCommand implements Command {
    @Override
    public String name() {
        return "bind";
    }

    @Override
    public String operands() {
        return "BDF";
    }

    @Override
    public String summary() {
        return "give a device of this machine to vfio-pci, so that it can be opened";
    }

    @Override
    public String details() {
        return """
        Takes the device from its driver: whatever the machine does with it ends. By driver_override,
        so that no other device of its kind is touched. Needs root, and the module vfio-pci. What
        cannot be done is undone; vfio4j unbind is the way back.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return Set.of();
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        PciAddress address = arguments.address();
        Optional<String> before = bind(address);
        SysfsPci pci = SysfsPci.of(address);
        String driver = pci.driver().orElse("no driver");
        List<String> hindrances =
                pci.groupMembers().stream()
                        .filter(SysfsPci::usedByHost)
                        .map(member -> "%s (%s)".formatted(member, member.driver().orElse("")))
                        .toList();
        if (arguments.json()) {
            terminal.say(fields -> {
                fields.writeStringProperty("device", address.toString());
                fields.writeStringProperty("driver", driver);
                before.ifPresent(name -> fields.writeStringProperty("before", name));
                pci.iommuGroup()
                        .ifPresent(group -> fields.writeNumberProperty("iommu_group", group));
                fields.writeArrayPropertyStart("hindrances");
                hindrances.forEach(fields::writeString);
                fields.writeEndArray();
            });
        } else {
            terminal.say(
                    before.equals(pci.driver())
                            ? "%s was bound to %s already".formatted(address, driver)
                            : "%s is bound to %s, before to %s"
                                    .formatted(address, driver, before.orElse("no driver")));
            if (!hindrances.isEmpty()) {
                terminal.say(
                        "it cannot be opened before these of its IOMMU group are bound to vfio-pci too,"
                                + " or to no driver: "
                                + String.join(", ", hindrances));
            }
        }
        return new Exit.Done();
    }

    /** Not closed: the device stays with vfio-pci when this process ends. */
    private static Optional<String> bind(PciAddress address) {
        try {
            return VfioPciBinding.bind(address).previousDriver();
        } catch (VfioException refused) {
            if (refused.getSuppressed().length == 0) {
                throw refused;
            }
            String left =
                    Arrays.stream(refused.getSuppressed())
                            .map(Throwable::getMessage)
                            .collect(Collectors.joining(", "));
            throw new CommandException(
                    "%s; it could not be given back: %s".formatted(refused.getMessage(), left),
                    refused);
        }
    }
}
