/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.DeviceAccess;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.RegionDescription;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioInfoCapHeader;
import io.vfio4j.uapi.VfioIrqInfo;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioRegionInfo;
import io.vfio4j.uapi.VfioUser;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserDeviceInfo;
import io.vfio4j.uapi.VfioUserHeader;
import io.vfio4j.uapi.VfioUserRegionIoFds;

import java.util.List;

/**
 * What is an ioctl on the device's descriptor in the kernel: each of them wakes the device before
 * any argument is looked at, also one that fails or that nobody knows (spec A2, B7).
 */
final class DeviceRequests {
    private static final int EINVAL = -Errno.EINVAL.number();

    /** struct vfio_info_cap_header, nr_areas and reserved, then one area: offset and size. */
    private static final int SPARSE_ONE_AREA = 8 + 8 + 16;

    private final HostedDevice device;
    private final Reply reply;
    private final int interruptIndices;

    /**
     * The requests of one client.
     *
     * @param pme whether it knows the PME interrupt
     */
    DeviceRequests(HostedDevice device, Reply reply, boolean pme) {
        this.device = device;
        this.reply = reply;
        boolean signals = device.interruptCount(VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX) > 0;
        interruptIndices =
                pme && signals
                        ? VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX + 1
                        : VfioPci.VFIO_PCI_NUM_IRQS;
    }

    int handle(VfioUserCommand command, Memory frame, int size, FrameFds fds) {
        try (DeviceAccess access = device.access()) {
            return switch (command) {
                case DEVICE_GET_INFO -> info(frame, size);
                case DEVICE_GET_REGION_INFO -> regionInfo(frame, size);
                case DEVICE_GET_REGION_IO_FDS -> regionIoFds(frame, size);
                case DEVICE_GET_IRQ_INFO -> irqInfo(frame, size);
                case DEVICE_SET_IRQS -> setIrqs(access, frame, size, fds);
                case DEVICE_RESET -> access.reset();
                case DEVICE_FEATURE -> feature(access, frame, size, fds);
                default -> throw new IllegalArgumentException(command + " is not a device's");
            };
        }
    }

    /** An unknown command: as an unknown ioctl, it wakes the device and is ENOTTY (spec B7). */
    int unknown() {
        try (DeviceAccess _ = device.access()) {
            return -Errno.ENOTTY.number();
        }
    }

    /**
     * Whether a request's frame and its argsz have room for the fixed part.
     *
     * @return 0 if they have, else what to answer: the needed argsz and no more, or EINVAL if there
     *     is no room even for that
     */
    private int tooSmall(Memory frame, int size, int needed) {
        if (size < VfioUserHeader.SIZE + needed) {
            return EINVAL;
        }
        int argsz = frame.getInt(VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(argsz, needed) >= 0) {
            return 0;
        }
        if (Integer.compareUnsigned(argsz, Integer.BYTES) < 0) {
            return EINVAL;
        }
        reply.frame().putInt(Reply.PAYLOAD, needed);
        return Integer.BYTES;
    }

    private int info(Memory frame, int size) {
        int length = VfioUserDeviceInfo.LAYOUT.size();
        int refusal = tooSmall(frame, size, length);
        if (refusal != 0) {
            return refusal;
        }
        int flags = Vfio.VFIO_DEVICE_FLAGS_PCI | Vfio.VFIO_DEVICE_FLAGS_RESET;
        new VfioUserDeviceInfo(length, flags, VfioPci.VFIO_PCI_NUM_REGIONS, interruptIndices)
                .write(reply.frame(), Reply.PAYLOAD);
        return length;
    }

    private int regionInfo(Memory frame, int size) {
        int fixed = VfioRegionInfo.LAYOUT.size();
        int refusal = tooSmall(frame, size, fixed);
        if (refusal != 0) {
            return refusal;
        }
        VfioRegionInfo asked = VfioRegionInfo.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(asked.index(), VfioPci.VFIO_PCI_NUM_REGIONS) >= 0) {
            return EINVAL;
        }
        RegionDescription region = device.region(asked.index());
        boolean mappable = region.mappable().isPresent();
        int full = mappable ? fixed + SPARSE_ONE_AREA : fixed;
        boolean fits = Integer.compareUnsigned(asked.argsz(), full) >= 0;
        // A reply that does not fit says how much is needed and leaves the rest out. It names the
        // capabilities' place all the same: QEMU refuses the flag without it before it asks again.
        int capOffset = mappable ? fixed : 0;
        new VfioRegionInfo(full, flags(region), asked.index(), capOffset, region.size(), 0)
                .write(reply.frame(), Reply.PAYLOAD);
        if (!mappable || !fits) {
            return fixed;
        }
        sparseMmap(Reply.PAYLOAD + (long) fixed, region.size());
        region.mappable().ifPresent(fd -> reply.attach(List.of(fd)));
        return full;
    }

    private static int flags(RegionDescription region) {
        int flags = 0;
        if (region.size() > 0) {
            flags = Vfio.VFIO_REGION_INFO_FLAG_READ | Vfio.VFIO_REGION_INFO_FLAG_WRITE;
        }
        if (region.mappable().isPresent()) {
            flags |= Vfio.VFIO_REGION_INFO_FLAG_MMAP | Vfio.VFIO_REGION_INFO_FLAG_CAPS;
        }
        return flags;
    }

    private void sparseMmap(long at, long size) {
        int version = 1;
        int areas = 1;
        Memory payload = reply.frame();
        new VfioInfoCapHeader(Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP, version, 0).write(payload, at);
        payload.putInt(at + 8, areas);
        payload.putInt(at + 12, 0);
        payload.putLong(at + 16, 0);
        payload.putLong(at + 24, size);
    }

    private int regionIoFds(Memory frame, int size) {
        int length = VfioUserRegionIoFds.LAYOUT.size();
        int refusal = tooSmall(frame, size, length);
        if (refusal != 0) {
            return refusal;
        }
        VfioUserRegionIoFds asked = VfioUserRegionIoFds.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(asked.index(), VfioPci.VFIO_PCI_NUM_REGIONS) >= 0
                || asked.flags() != 0) {
            return EINVAL;
        }
        int none = 0;
        new VfioUserRegionIoFds(length, 0, asked.index(), none).write(reply.frame(), Reply.PAYLOAD);
        return length;
    }

    private int irqInfo(Memory frame, int size) {
        int length = VfioIrqInfo.LAYOUT.size();
        int refusal = tooSmall(frame, size, length);
        if (refusal != 0) {
            return refusal;
        }
        VfioIrqInfo asked = VfioIrqInfo.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(asked.index(), interruptIndices) >= 0) {
            return EINVAL;
        }
        int flags =
                switch (asked.index()) {
                    case VfioPci.VFIO_PCI_INTX_IRQ_INDEX ->
                            Vfio.VFIO_IRQ_INFO_EVENTFD
                                    | Vfio.VFIO_IRQ_INFO_MASKABLE
                                    | Vfio.VFIO_IRQ_INFO_AUTOMASKED;
                    // Whether vectors can be added while others are in use.
                    case VfioPci.VFIO_PCI_MSIX_IRQ_INDEX ->
                            device.profile().dynamicMsix()
                                    ? Vfio.VFIO_IRQ_INFO_EVENTFD
                                    : Vfio.VFIO_IRQ_INFO_EVENTFD | Vfio.VFIO_IRQ_INFO_NORESIZE;
                    default -> Vfio.VFIO_IRQ_INFO_EVENTFD | Vfio.VFIO_IRQ_INFO_NORESIZE;
                };
        new VfioIrqInfo(length, flags, asked.index(), device.interruptCount(asked.index()))
                .write(reply.frame(), Reply.PAYLOAD);
        return length;
    }

    private int setIrqs(DeviceAccess access, Memory frame, int size, FrameFds fds) {
        int fixed = VfioIrqSet.LAYOUT.size();
        int available = size - VfioUserHeader.SIZE;
        if (available < fixed || fds.fdsRefused()) {
            return EINVAL;
        }
        VfioIrqSet request = VfioIrqSet.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(request.index(), interruptIndices) >= 0) {
            return EINVAL;
        }
        byte[] data = new byte[available - fixed];
        frame.get(VfioUserHeader.SIZE + (long) fixed, data, 0, data.length);
        return access.setInterrupts(request, available, data, fds.takeFds());
    }

    private int feature(DeviceAccess access, Memory frame, int size, FrameFds fds) {
        int length = size - VfioUserHeader.SIZE;
        if (fds.fdsRefused()) {
            return EINVAL;
        }
        int result = access.feature(frame, VfioUserHeader.SIZE, length, fds.takeFds());
        if (result < 0) {
            return result;
        }
        // SET and PROBE give the request back.
        reply.frame().copy(frame, VfioUserHeader.SIZE, Reply.PAYLOAD, length);
        return length;
    }
}
