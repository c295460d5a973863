/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.DeviceInfo;
import io.vfio4j.client.DeviceNotFoundException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.IrqInfo;
import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioUser;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * All that {@code info} asks a device.
 *
 * @param target where it is
 * @param place where on this machine it is; empty for a device behind a socket
 * @param before what its host side said before the device was opened, which wakes it
 * @param info what it is
 * @param regions its regions, also empty ones
 * @param irqs its interrupts, also where it has none of a kind
 * @param config its configuration space; empty if it is no PCI device
 * @param features whether it has them, by probes
 */
record DeviceFacts(
        Target target,
        Optional<PciPlace> place,
        Optional<HostFacts> before,
        DeviceInfo info,
        List<RegionInfo> regions,
        List<IrqInfo> irqs,
        Optional<PciConfig> config,
        Map<VfioFeature, Boolean> features) {
    /** More than any PCI device has: what a device says of itself is not trusted. */
    private static final int MOST = 64;

    private static final List<HostAttribute> BEFORE =
            List.of(
                    HostAttribute.POWER_STATE,
                    HostAttribute.POWER_RUNTIME_STATUS,
                    HostAttribute.POWER_RUNTIME_USAGE,
                    HostAttribute.POWER_CONTROL,
                    HostAttribute.D3COLD_ALLOWED,
                    HostAttribute.POWER_RUNTIME_SUSPENDED_TIME);

    static DeviceFacts ask(Target target, OpenOptions options) {
        Optional<HostFacts> before = before(target);
        try (VfioDevice device = VfioDevice.open(target, options)) {
            DeviceInfo info = device.info();
            List<RegionInfo> regions =
                    IntStream.range(0, Math.clamp(info.regions(), 0, MOST))
                            .mapToObj(index -> there(() -> device.region(index)))
                            .flatMap(Optional::stream)
                            .toList();
            List<IrqInfo> irqs =
                    IntStream.range(0, Math.clamp(info.irqs(), 0, MOST))
                            .mapToObj(index -> there(() -> device.irq(index)))
                            .flatMap(Optional::stream)
                            .toList();
            Map<VfioFeature, Boolean> features = new EnumMap<>(VfioFeature.class);
            for (VfioFeature feature : VfioFeature.values()) {
                features.put(feature, device.supports(feature));
            }
            return new DeviceFacts(
                    target,
                    PciPlace.of(device),
                    before,
                    info,
                    regions,
                    irqs,
                    config(device, regions),
                    features);
        }
    }

    private static Optional<HostFacts> before(Target target) {
        try (HostSide host = HostSide.beside(target)) {
            return Optional.of(HostFacts.readAll(host, BEFORE));
        } catch (DeviceNotFoundException none) {
            // Opening the device says what is wrong, if anything is.
            return Optional.empty();
        }
    }

    /** Read in one piece: each request of a client may be one that wakes the device. */
    private static Optional<PciConfig> config(VfioDevice device, List<RegionInfo> regions) {
        return regions.stream()
                .filter(region -> region.index() == VfioPci.VFIO_PCI_CONFIG_REGION_INDEX)
                .filter(RegionInfo::readable)
                .filter(region -> region.size() >= PciRegs.PCI_CFG_SPACE_SIZE)
                .findFirst()
                .map(region -> config(device, region));
    }

    private static PciConfig config(VfioDevice device, RegionInfo region) {
        byte[] bytes = new byte[(int) Math.min(region.size(), PciRegs.PCI_CFG_SPACE_EXP_SIZE)];
        device.read(region.index(), 0, bytes, 0, bytes.length);
        return PciConfig.of(bytes);
    }

    /** The kernel has numbers that not every device has: VGA's region, the interrupt for errors. */
    private static <T> Optional<T> there(Supplier<T> question) {
        try {
            return Optional.of(question.get());
        } catch (VfioException absent) {
            if (absent.errno().equals(Errno.EINVAL)) {
                return Optional.empty();
            }
            throw absent;
        }
    }

    static String regionName(int index) {
        return switch (index) {
            case VfioPci.VFIO_PCI_ROM_REGION_INDEX -> "ROM";
            case VfioPci.VFIO_PCI_CONFIG_REGION_INDEX -> "config";
            case VfioPci.VFIO_PCI_VGA_REGION_INDEX -> "VGA";
            default -> index < VfioPci.VFIO_PCI_ROM_REGION_INDEX ? "BAR" + index : "";
        };
    }

    static String irqName(int index) {
        return switch (index) {
            case VfioPci.VFIO_PCI_INTX_IRQ_INDEX -> "INTx";
            case VfioPci.VFIO_PCI_MSI_IRQ_INDEX -> "MSI";
            case VfioPci.VFIO_PCI_MSIX_IRQ_INDEX -> "MSI-X";
            case VfioPci.VFIO_PCI_ERR_IRQ_INDEX -> "ERR";
            case VfioPci.VFIO_PCI_REQ_IRQ_INDEX -> "REQ";
            case VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX -> "PME";
            default -> "";
        };
    }
}
