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
        List<Fd> groups = access.group().isPresent() ? groups(others) : List.of();
        int size = VfioPciHotReset.LAYOUT.size();
        int argsz = size + groups.size() * Integer.BYTES;
        try (var block = handle.blocks().take(argsz)) {
            new VfioPciHotReset(argsz, 0, groups.size()).write(block.memory, 0);
            for (int i = 0; i < groups.size(); i++) {
                block.memory.putInt(size + (long) i * Integer.BYTES, groups.get(i).number());
            }
            require(
                    handle.call(Vfio.VFIO_DEVICE_PCI_HOT_RESET, block.memory, groups),
                    "resetting the bus or slot of %s".formatted(handle.device()));
        }
    }

    /** Those that are affected: the kernel wants to be shown no others, and each once. */
    private List<Fd> groups(List<KernelAccess> others) {
        Set<OptionalInt> affected =
                info().stream().map(HotResetDevice::group).collect(Collectors.toSet());
        return Stream.concat(Stream.of(access), others.stream())
                .filter(one -> affected.contains(one.groupNumber()))
                .flatMap(one -> one.group().stream())
                .distinct()
                .toList();
    }

    private void require(int result, String what) {
        if (result < 0) {
            Errno errno = Errno.of(-result);
            throw handle.failed(errno, what, advice(errno));
        }
    }

    /** What to do about a refusal. */
    static String advice(Errno errno) {
        if (errno.equals(Errno.ENODEV)) {
            return ": neither its bus nor its slot can be reset";
        }
        if (errno.equals(Errno.EINVAL)) {
            return ": not all of the affected devices are open here (see hotResetInfo): open them, and name them";
        }
        if (errno.equals(Errno.EBUSY)) {
            return ": another reset is under way: try again";
        }
        return "";
    }
}
