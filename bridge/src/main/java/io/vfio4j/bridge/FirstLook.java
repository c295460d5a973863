/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.PciConfig;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioPci;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What a device turned out to be when it was opened for the first time, before there was a client.
 *
 * @param vendor of the device, 16 bits
 * @param device its number, 16 bits
 * @param classCode base class, subclass and programming interface, 24 bits
 * @param powerManagement its power management registers; empty if it has none, so that no guest can
 *     ask for D3hot
 * @param lowPower which of the low-power features there are: none before Linux 6.1
 * @param bars the BARs that it has
 */
public record FirstLook(
        int vendor,
        int device,
        int classCode,
        Optional<PciPowerManagement> powerManagement,
        Set<VfioFeature> lowPower,
        List<RegionInfo> bars) {
    private static final Set<VfioFeature> LOW_POWER =
            Set.of(
                    VfioFeature.LOW_POWER_ENTRY,
                    VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP,
                    VfioFeature.LOW_POWER_EXIT);

    /** Copies the collections. */
    public FirstLook {
        lowPower = Set.copyOf(lowPower);
        bars = List.copyOf(bars);
    }

    /**
     * Looks, which wakes the device.
     *
     * @throws VfioException as the device's requests do
     */
    public static FirstLook of(VfioDevice device) {
        PciConfig config = PciConfig.of(device);
        Set<VfioFeature> lowPower = EnumSet.noneOf(VfioFeature.class);
        LOW_POWER.stream().filter(device::supports).forEach(lowPower::add);
        return new FirstLook(
                config.vendorId(),
                config.deviceId(),
                config.classCode(),
                config.powerManagement(),
                lowPower,
                IntStream.range(0, VfioPci.VFIO_PCI_ROM_REGION_INDEX)
                        .mapToObj(device::region)
                        .filter(region -> region.size() > 0)
                        .toList());
    }

    /**
     * Sees that it is there, and the same as then.
     *
     * @param opened the device, open and awake
     * @throws VfioException ENODEV if it does not answer, or is another one
     */
    void recognize(VfioDevice opened) {
        int answer = opened.readInt(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, 0);
        if (answer != (device << 16 | vendor)) {
            throw new VfioException(
                    Errno.ENODEV,
                    answer == -1
                            ? "%s reads all ones: try a reset (write 1 to its reset attribute), then remove and rescan it"
                                    .formatted(opened)
                            : "%s is %08x now, and was %04x%04x when the bridge was started: start it anew"
                                    .formatted(opened, answer, device, vendor));
        }
    }

    /** Whether the device keeps its context in D3hot; one that cannot sleep keeps it always. */
    public boolean noSoftReset() {
        return powerManagement.map(PciPowerManagement::noSoftReset).orElse(true);
    }

    /** By what it can be let sleep, if that is wanted: without the features only as VMMs do it. */
    public SleepEntry entry(SleepEntry wanted) {
        Set<VfioFeature> needed =
                switch (wanted) {
                    case WAKEUP ->
                            Set.of(
                                    VfioFeature.LOW_POWER_ENTRY_WITH_WAKEUP,
                                    VfioFeature.LOW_POWER_EXIT);
                    case PLAIN -> Set.of(VfioFeature.LOW_POWER_ENTRY, VfioFeature.LOW_POWER_EXIT);
                    case PMCSR -> Set.of();
                };
        return lowPower.containsAll(needed) ? wanted : SleepEntry.PMCSR;
    }
}
