/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.DeviceInfo;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.HotResetDevice;
import io.vfio4j.client.PciCapability;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * What the target is, as far as it decides which cases it can show. Asked once, before the first.
 *
 * @param name of the target
 * @param inKernel whether vfio-pci drives it
 * @param profile whose answers are expected
 * @param vendor its vendor
 * @param device its device id
 * @param resettable whether DEVICE_RESET works
 * @param power its PM capability
 * @param irqs how many interrupts each index has
 * @param regions its BARs and ROM, as far as there are any
 * @param memory which of them are memory, not ports
 * @param configSize bytes of configuration space
 * @param msixTable the first bytes of the MSI-X table
 * @param sriov whether it is an SR-IOV physical function
 * @param dmaLogging whether it has features 6 to 8
 * @param dmaBuf whether it has feature 11
 * @param hotReset whether its bus or slot can be reset, and all that is on it is ours
 * @param hostReset whether the host can reset it
 * @param link whether the host knows its link
 * @param virtualFunctions whether the host can make virtual functions
 * @param counted whether the host tells the count of references: kernels do that only with
 *     CONFIG_PM_ADVANCED_DEBUG
 * @param d3cold whether it reaches D3cold asleep
 * @param wakeEvents whether the host can make it signal PME
 * @param passedOn whether a bridge passes it on, which keeps PMCSR to itself
 * @param sleepsInD3hot whether it is let sleep when its client writes D3hot
 */
record Facts(
        String name,
        boolean inKernel,
        KernelProfile profile,
        int vendor,
        int device,
        boolean resettable,
        Optional<PciPowerManagement> power,
        List<Integer> irqs,
        List<RegionInfo> regions,
        List<Integer> memory,
        int configSize,
        Optional<Spot> msixTable,
        boolean sriov,
        boolean dmaLogging,
        boolean dmaBuf,
        boolean hotReset,
        boolean hostReset,
        boolean link,
        boolean virtualFunctions,
        boolean counted,
        boolean d3cold,
        boolean wakeEvents,
        boolean passedOn,
        boolean sleepsInD3hot) {
    private static final int IO_SPACE = 1;

    /** Asks the target, which must be closed, and sleeps in D3hot from then on if it can choose. */
    static Facts of(Subject subject, HostSide host) {
        try (VfioDevice device = Opening.patiently(subject)) {
            DeviceInfo info = device.info();
            PciConfig config = PciConfig.of(device);
            List<PciCapability> capabilities = config.capabilities();
            List<Integer> irqs = new ArrayList<>();
            for (int i = 0; i < info.irqs(); i++) {
                irqs.add(interrupts(device, i));
            }
            List<RegionInfo> regions = new ArrayList<>();
            for (int i = 0; i <= VfioPci.VFIO_PCI_ROM_REGION_INDEX; i++) {
                RegionInfo region = device.region(i);
                if (region.size() > 0) {
                    regions.add(region);
                }
            }
            List<Integer> memory = new ArrayList<>();
            for (RegionInfo region : regions) {
                if (isMemory(region, config)) {
                    memory.add(region.index());
                }
            }
            Optional<PciPowerManagement> power = config.powerManagement();
            boolean passedOn = knows(host, HostAttribute.BRIDGE_STATE);
            // Before an entry: from then on its power is its client's, and no longer a bridge's.
            boolean sleepsInD3hot =
                    passedOn && power.map(pm -> sleepsInD3hot(device, pm, host)).orElse(false);
            return new Facts(
                    subject.name(),
                    subject.inKernel(),
                    subject.profile(),
                    config.vendorId(),
                    config.deviceId(),
                    info.resettable(),
                    power,
                    List.copyOf(irqs),
                    List.copyOf(regions),
                    List.copyOf(memory),
                    config.size(),
                    msixTable(capabilities, config),
                    capabilities.stream().anyMatch(c -> c.extended() && c.id() == SRIOV),
                    device.supports(VfioFeature.DMA_LOGGING_START),
                    device.supports(VfioFeature.DMA_BUF),
                    hotReset(device),
                    subject.inKernel()
                            ? knows(host, HostAttribute.RESET_METHOD)
                            : info.resettable(),
                    knows(host, HostAttribute.CURRENT_LINK_SPEED),
                    knows(host, HostAttribute.SRIOV_NUMVFS),
                    knows(host, HostAttribute.POWER_RUNTIME_USAGE),
                    power.isPresent() && reachesD3cold(device, host),
                    power.isPresent() && canSignalPme(host),
                    passedOn,
                    sleepsInD3hot);
        }
    }

    private static final int SRIOV = 0x10;

    /** Kernels before 7.3 refuse ERR of a device that is not PCI Express. */
    private static int interrupts(VfioDevice device, int index) {
        try {
            return device.irq(index).count();
        } catch (VfioException none) {
            return 0;
        }
    }

    private static boolean isMemory(RegionInfo region, PciConfig config) {
        if (region.index() == VfioPci.VFIO_PCI_ROM_REGION_INDEX) {
            return true;
        }
        int bar = config.readInt(PciRegs.PCI_BASE_ADDRESS_0 + 4 * region.index());
        return (bar & IO_SPACE) == 0;
    }

    private static Optional<Spot> msixTable(List<PciCapability> capabilities, PciConfig config) {
        return capabilities.stream()
                .filter(c -> !c.extended() && c.id() == PciRegs.PCI_CAP_ID_MSIX)
                .findFirst()
                .map(c -> config.readInt(c.offset() + PciRegs.PCI_MSIX_TABLE))
                .map(table -> new Spot(table & 7, Integer.toUnsignedLong(table & ~7)));
    }

    private static boolean hotReset(VfioDevice device) {
        try {
            List<HotResetDevice> affected = device.hotResetInfo();
            return !affected.isEmpty() && affected.stream().allMatch(HotResetDevice::owned);
        } catch (VfioException none) {
            return false;
        }
    }

    private static boolean knows(HostSide host, HostAttribute attribute) {
        try {
            return !host.read(attribute).isEmpty();
        } catch (VfioException none) {
            return false;
        }
    }

    /** Only a bridge lets a device sleep for that, unless it was told not to. */
    private static boolean sleepsInD3hot(
            VfioDevice device, PciPowerManagement power, HostSide host) {
        int pmcsr = power.offset() + PciRegs.PCI_PM_CTRL;
        device.writeByte(Acts.CONFIG, pmcsr, (byte) PowerRegister.D3HOT);
        try {
            return Settle.until(() -> Settle.asleep(host), Settle.D3COLD_PROBE);
        } finally {
            device.writeByte(Acts.CONFIG, pmcsr, (byte) 0);
        }
    }

    /** Only of a model: a device of this machine signals by itself, if ever. */
    private static boolean canSignalPme(HostSide host) {
        try {
            host.wakeEvent();
            return true;
        } catch (VfioException refused) {
            // It might in another state.
            return refused.errno().equals(Errno.EINVAL);
        }
    }

    /** Seen, not believed: a platform may promise D3cold and stop at D3hot. */
    private static boolean reachesD3cold(VfioDevice device, HostSide host) {
        boolean allowed = host.d3coldAllowed();
        try {
            if (!allowed && !allowD3cold(host)) {
                return false;
            }
            Acts.entry(device);
            try {
                return Settle.asleepIn(host, "D3cold", Settle.D3COLD_PROBE);
            } finally {
                Acts.exit(device);
            }
        } finally {
            host.setD3coldAllowed(allowed);
        }
    }

    /** A bridge refuses it that has promised to keep the device's context. */
    private static boolean allowD3cold(HostSide host) {
        try {
            host.setD3coldAllowed(true);
            return true;
        } catch (VfioException refused) {
            if (refused.errno().equals(Errno.EBUSY)) {
                return false;
            }
            throw refused;
        }
    }

    /** How many interrupts an index has. */
    int irqs(int index) {
        return index < irqs.size() ? irqs.get(index) : 0;
    }

    /** The index of the messages it has: MSI-X before MSI. */
    Optional<Integer> messages() {
        for (int index :
                new int[] {VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, VfioPci.VFIO_PCI_MSI_IRQ_INDEX}) {
            if (irqs(index) > 0) {
                return Optional.of(index);
            }
        }
        return Optional.empty();
    }

    /** The start of the first part of a BAR that can be mapped. */
    Optional<Spot> mappable() {
        return regions.stream()
                .filter(region -> !region.mappable().isEmpty())
                .findFirst()
                .map(region -> new Spot(region.index(), region.mappable().getFirst().offset()));
    }

    /** The start of the first memory BAR. */
    Optional<Spot> memoryBar() {
        return regions.stream()
                .filter(region -> region.index() < VfioPci.VFIO_PCI_ROM_REGION_INDEX)
                .filter(region -> memory.contains(region.index()))
                .findFirst()
                .map(region -> new Spot(region.index(), 0));
    }

    /** A BAR index without a BAR; the upper half of a wide one is such. */
    Optional<Integer> absentBar() {
        for (int i = 0; i < VfioPci.VFIO_PCI_ROM_REGION_INDEX; i++) {
            if (region(i).isEmpty()) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    /** The BAR or ROM of an index, if there is one. */
    Optional<RegionInfo> region(int index) {
        return regions.stream().filter(region -> region.index() == index).findFirst();
    }

    /** Whether there is an expansion ROM. */
    boolean rom() {
        return region(VfioPci.VFIO_PCI_ROM_REGION_INDEX).isPresent();
    }

    /** How it is made to interrupt. */
    Optional<Stimulus> stimulus() {
        return irqs(VfioPci.VFIO_PCI_INTX_IRQ_INDEX) > 0
                ? Stimulus.of(vendor, device)
                : Optional.empty();
    }

    /** A register that keeps a value, until the device loses its power. */
    Optional<Scratch> scratch() {
        return Scratch.of(vendor, device, inKernel);
    }

    /** Whether it shows that it can signal PME; the kernel shows that of no device (spec B6). */
    boolean pmeShown() {
        return !inKernel && power.map(pm -> !pm.pmeFrom().isEmpty()).orElse(false);
    }

    /** Whether it can signal PME from a state. */
    boolean pmeFrom(String state) {
        return pmeShown() && power.orElseThrow().pmeFrom().contains(state);
    }

    /** Whether D3hot leaves its registers as they are, or it has no D3hot: No_Soft_Reset. */
    boolean keepsContext() {
        return power.map(PciPowerManagement::noSoftReset).orElse(true);
    }

    /** The D-state it sleeps in when its power may not be cut. */
    String restingState() {
        return power.isPresent() ? "D3hot" : "D0";
    }

    /** For a report. */
    SequencedMap<String, String> told() {
        SequencedMap<String, String> map = new LinkedHashMap<>();
        map.put("target", name);
        map.put("device", String.format(Locale.ROOT, "%04x:%04x", vendor, device));
        map.put("side", inKernel ? "kernel" : "socket");
        map.put("profile", profile.toString());
        map.put(
                "feature 12",
                profile.feature(12) == KernelProfile.Known.YES ? "known" : "not known");
        map.put("dynamic MSI-X", profile.dynamicMsix() ? "yes" : "no");
        map.put("power management", power.isPresent() ? "yes" : "no");
        map.put("PME", pmeShown() ? "shown" : "hidden");
        map.put("passed on", passedOn ? "yes" : "no");
        map.put("D3hot by PMCSR", sleepsInD3hot ? "asleep" : "awake");
        map.put("D3cold", d3cold ? "reached" : "not reached");
        map.put("reset", resettable ? "yes" : "no");
        map.put("hot reset", hotReset ? "yes" : "no");
        map.put("INTx", irqs(VfioPci.VFIO_PCI_INTX_IRQ_INDEX) > 0 ? "yes" : "no");
        map.put("MSI", Integer.toString(irqs(VfioPci.VFIO_PCI_MSI_IRQ_INDEX)));
        map.put("MSI-X", Integer.toString(irqs(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX)));
        map.put("mappable BAR", mappable().map(s -> Integer.toString(s.region())).orElse("none"));
        map.put("references", counted ? "counted" : "not told");
        map.put("dma-buf", dmaBuf ? "yes" : "no");
        map.put("SR-IOV", sriov ? "yes" : "no");
        return map;
    }
}
