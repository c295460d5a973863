/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPciDependentDevice;
import io.vfio4j.uapi.VfioPciHotReset;
import io.vfio4j.uapi.VfioPciHotResetInfo;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * VFIO_DEVICE_GET_PCI_HOT_RESET_INFO and VFIO_DEVICE_PCI_HOT_RESET: all devices of a bus or slot,
 * for which the kernel wants the claims shown. By group, these are the groups' descriptors; with
 * character devices it knows them by their common iommufd.
 */
final class KernelHotReset {
    private static final int FIRST_COUNT = 16;

    /** More functions than a bus has. */
    private static final int MOST_COUNT = 1 << 16;

    private final KernelHandle handle;
    private final KernelAccess access;

    KernelHotReset(KernelHandle handle, KernelAccess access) {
        this.handle = handle;
        this.access = access;
    }

    List<HotResetDevice> info() {
        int count = FIRST_COUNT;
        while (true) {
            int argsz =
                    VfioPciHotResetInfo.LAYOUT.size()
                            + count * VfioPciDependentDevice.LAYOUT.size();
            try (var block = handle.blocks().take(argsz)) {
                new VfioPciHotResetInfo(argsz, 0, 0).write(block.memory, 0);
                int result = handle.call(Vfio.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, block.memory);
                VfioPciHotResetInfo info = VfioPciHotResetInfo.read(block.memory, 0);
                if (result == -Errno.ENOSPC.number()
                        && info.count() > count
                        && info.count() <= MOST_COUNT) {
                    count = info.count();
                    continue;
                }
                require(result, "asking what a hot reset of %s resets".formatted(handle.device()));
                return devices(info, block.memory, argsz);
            }
        }
    }

    private List<HotResetDevice> devices(VfioPciHotResetInfo info, Memory memory, int length) {
        boolean byOwner = (info.flags() & Vfio.VFIO_PCI_HOT_RESET_FLAG_DEV_ID) != 0;
        List<HotResetDevice> devices = new ArrayList<>();
        for (VfioPciDependentDevice one : VfioPciHotResetInfo.devices(memory, 0, length)) {
            devices.add(
                    new HotResetDevice(
                            new PciAddress(
                                    one.segment(), one.bus(), one.devfn() >> 3, one.devfn() & 7),
                            byOwner ? OptionalInt.empty() : OptionalInt.of(one.groupId()),
                            byOwner
                                    ? one.groupId() != Vfio.VFIO_PCI_DEVID_NOT_OWNED
                                    : access.hasOpen(one.groupId())));
        }
        return devices;
    }

    /**
     * Resets.
     *
     * @param others what further devices were opened by
     */
    void reset(List<KernelAccess> others) {
        List<KernelAccess> shown = Stream.concat(Stream.of(access), others.stream()).toList();
        List<Fd> groups = access.group().isPresent() ? groups(shown) : List.of();
        int size = VfioPciHotReset.LAYOUT.size();
        int argsz = size + groups.size() * Integer.BYTES;
        try (var block = handle.blocks().take(argsz)) {
            new VfioPciHotReset(argsz, 0, groups.size()).write(block.memory, 0);
            for (int i = 0; i < groups.size(); i++) {
                block.memory.putInt(size + (long) i * Integer.BYTES, groups.get(i).number());
            }
            int result = handle.call(Vfio.VFIO_DEVICE_PCI_HOT_RESET, block.memory, groups);
            if (result < 0) {
                Errno errno = Errno.of(-result);
                throw handle.failed(
                        errno,
                        "resetting the bus or slot of %s".formatted(handle.device()),
                        advice(errno, () -> strangers(info(), shown)));
            }
        }
    }

    /** Those that are affected: the kernel wants to be shown no others, and each once. */
    private List<Fd> groups(List<KernelAccess> shown) {
        Set<OptionalInt> affected =
                info().stream().map(HotResetDevice::group).collect(Collectors.toSet());
        return shown.stream()
                .filter(one -> affected.contains(one.groupNumber()))
                .flatMap(one -> one.group().stream())
                .distinct()
                .toList();
    }

    /** Those that are affected and for which no claim was shown. */
    private static List<PciAddress> strangers(
            List<HotResetDevice> affected, List<KernelAccess> shown) {
        Set<OptionalInt> groups =
                shown.stream().map(KernelAccess::groupNumber).collect(Collectors.toSet());
        return strangers(affected, groups);
    }

    static List<PciAddress> strangers(List<HotResetDevice> affected, Set<OptionalInt> groups) {
        return affected.stream()
                .filter(one ->
                        one.group().isPresent() ? !groups.contains(one.group()) : !one.owned())
                .map(HotResetDevice::address)
                .toList();
    }

    private void require(int result, String what) {
        if (result < 0) {
            Errno errno = Errno.of(-result);
            throw handle.failed(errno, what, advice(errno, List::of));
        }
    }

    /**
     * What to do about a refusal.
     *
     * @param strangers tells which affected devices belong to nobody here; asked if that matters
     */
    static String advice(Errno errno, Supplier<List<PciAddress>> strangers) {
        if (errno.equals(Errno.ENODEV)) {
            return ": neither its bus nor its slot can be reset";
        }
        if (errno.equals(Errno.ENOTTY)) {
            return ": its slot's hot-plug driver, or the bridge above it, refuses the reset";
        }
        if (errno.equals(Errno.EINVAL)) {
            return notOurs(strangers);
        }
        if (errno.equals(Errno.EBUSY)) {
            return ": another reset is under way: try again";
        }
        return "";
    }

    private static String notOurs(Supplier<List<PciAddress>> strangers) {
        List<PciAddress> found;
        try {
            found = strangers.get();
        } catch (VfioException unknown) {
            found = List.of();
        }
        if (found.isEmpty()) {
            return ": not all of the affected devices are open here (see hotResetInfo): open them, and name them";
        }
        return ": it resets %s too, which %s to nobody here: open %s, and name %s"
                .formatted(
                        found.stream().map(PciAddress::toString).collect(Collectors.joining(", ")),
                        found.size() == 1 ? "belongs" : "belong",
                        found.size() == 1 ? "it" : "them",
                        found.size() == 1 ? "it" : "them");
    }
}
