/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.SysfsPci;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.Fd;

import tools.jackson.core.JsonGenerator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Where on this machine an open device is.
 *
 * @param driver its driver
 * @param group its IOMMU group
 * @param neighbours what else is in that group, with their drivers
 * @param file by which it was opened: {@code /dev/vfio/8} or {@code /dev/vfio/devices/vfio0}
 */
record PciPlace(String driver, OptionalInt group, List<String> neighbours, String file) {
    private static final String CDEVS = "/dev/vfio/devices/";

    static Optional<PciPlace> of(VfioDevice device) {
        if (!(device.target() instanceof Target.Pci(var address))) {
            return Optional.empty();
        }
        SysfsPci pci = SysfsPci.of(address);
        return Optional.of(
                new PciPlace(
                        pci.driver().orElse("none"),
                        pci.iommuGroup(),
                        neighbours(pci),
                        device.descriptor()
                                .flatMap(PciPlace::cdev)
                                .orElseGet(() -> groupFile(pci))));
    }

    /** The other members of a function's group. */
    static List<String> neighbours(SysfsPci pci) {
        return pci.groupMembers().stream()
                .filter(member -> !member.address().equals(pci.address()))
                .map(member ->
                        member + member.driver().map(" (%s)"::formatted).orElse(" (no driver)"))
                .toList();
    }

    /** Only of a character device is the device's descriptor a file with a path. */
    private static Optional<String> cdev(Fd descriptor) {
        try {
            String path =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor.number()))
                            .toString();
            return path.startsWith(CDEVS) ? Optional.of(path) : Optional.empty();
        } catch (IOException unseen) {
            return Optional.empty();
        }
    }

    private static String groupFile(SysfsPci pci) {
        return pci.iommuGroup().stream()
                .mapToObj(
                        group -> (pci.withoutIommu() ? "/dev/vfio/noiommu-" : "/dev/vfio/") + group)
                .collect(Collectors.joining());
    }

    String groupText() {
        if (group.isEmpty()) {
            return "no IOMMU group";
        }
        return "IOMMU group %d, %s"
                .formatted(
                        group.getAsInt(),
                        neighbours.isEmpty()
                                ? "alone"
                                : "with " + String.join(" and ", neighbours));
    }

    void write(JsonGenerator json) {
        json.writeStringProperty("driver", driver);
        group.ifPresent(number -> json.writeNumberProperty("iommu_group", number));
        json.writeArrayPropertyStart("iommu_group_others");
        neighbours.forEach(json::writeString);
        json.writeEndArray();
        json.writeStringProperty("interface", file.startsWith(CDEVS) ? "cdev" : "group");
        json.writeStringProperty("opened_by", file);
    }
}
