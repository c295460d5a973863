/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.RegionFile;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.RegionDescription;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a device says of itself, asked once while it is awake: so a client that asks wakes nobody.
 *
 * @param flags {@code VFIO_DEVICE_FLAGS_*} that hold through a bridge
 * @param regions by index
 */
record PassedFacts(int flags, List<RegionDescription> regions) {
    private static final int PASSED_ON = Vfio.VFIO_DEVICE_FLAGS_PCI | Vfio.VFIO_DEVICE_FLAGS_RESET;

    /**
     * Asks.
     *
     * @param mappable whether a client may map what can be mapped
     */
    static PassedFacts of(VfioDevice device, boolean mappable) {
        return new PassedFacts(
                device.info().flags() & PASSED_ON,
                IntStream.range(0, VfioPci.VFIO_PCI_NUM_REGIONS)
                        .mapToObj(index -> describe(device, index, mappable))
                        .toList());
    }

    private static RegionDescription describe(VfioDevice device, int index, boolean mappable) {
        RegionInfo region;
        try {
            region = device.region(index);
        } catch (VfioException absent) {
            // As for the VGA region of a device without one.
            return RegionDescription.ofSize(0);
        }
        boolean msix =
                region.capabilities().stream()
                        .anyMatch(it -> it.id() == Vfio.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE);
        Optional<RegionDescription.Mappable> mapped =
                mappable
                        ? device.regionFile(index).map(file -> mappable(file, msix))
                        : Optional.empty();
        return new RegionDescription(region.size(), region.readable(), region.writable(), mapped);
    }

    private static RegionDescription.Mappable mappable(RegionFile file, boolean msix) {
        return new RegionDescription.Mappable(
                file.file(),
                file.offset(),
                file.areas().stream()
                        .map(area -> new RegionDescription.Area(area.offset(), area.size()))
                        .toList(),
                msix);
    }

    RegionDescription region(int index) {
        return regions.get(index);
    }

    /** What a client may map. */
    List<Fd> files() {
        return regions.stream()
                .flatMap(region -> region.mappable().stream())
                .map(RegionDescription.Mappable::file)
                .distinct()
                .toList();
    }
}
