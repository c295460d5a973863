/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.InterruptDescription;
import io.vfio4j.device.RegionDescription;
import io.vfio4j.device.RegionDescription.Mappable;
import io.vfio4j.device.ServedAccess;
import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
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

    private final ServedDevice device;
    private final Reply reply;
    private final int interruptIndices;

    /**
     * The requests of one client.
     *
     * @param pme whether it knows the PME interrupt
     */
    DeviceRequests(ServedDevice device, Reply reply, boolean pme) {
        this.device = device;
        this.reply = reply;
        interruptIndices =
                pme && device.signalsPme()
                        ? VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX + 1
                        : VfioPci.VFIO_PCI_NUM_IRQS;
    }

    int handle(VfioUserCommand command, Memory frame, int size, FrameFds fds) {
        try (ServedAccess access = device.access()) {
            return switch (command) {
                case DEVICE_GET_INFO -> info(access, frame, size);
                case DEVICE_GET_REGION_INFO -> regionInfo(access, frame, size);
                case DEVICE_GET_REGION_IO_FDS -> regionIoFds(frame, size);
                case DEVICE_GET_IRQ_INFO -> irqInfo(access, frame, size);
                case DEVICE_SET_IRQS -> setIrqs(access, frame, size, fds);
                case DEVICE_RESET -> access.reset();
                case DEVICE_FEATURE -> feature(access, frame, size, fds);
                default -> throw new IllegalArgumentException(command + " is not a device's");
            };
        }
    }

    /** An unknown command: as an unknown ioctl, it wakes the device and is ENOTTY (spec B7). */
    int unknown() {
        try (ServedAccess _ = device.access()) {
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

    private int info(ServedAccess access, Memory frame, int size) {
        int length = VfioUserDeviceInfo.LAYOUT.size();
        int refusal = tooSmall(frame, size, length);
        if (refusal != 0) {
            return refusal;
        }
        new VfioUserDeviceInfo(
                        length, access.flags(), VfioPci.VFIO_PCI_NUM_REGIONS, interruptIndices)
                .write(reply.frame(), Reply.PAYLOAD);
        return length;
    }

    private int regionInfo(ServedAccess access, Memory frame, int size) {
        int fixed = VfioRegionInfo.LAYOUT.size();
        int refusal = tooSmall(frame, size, fixed);
        if (refusal != 0) {
            return refusal;
        }
        VfioRegionInfo asked = VfioRegionInfo.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(asked.index(), VfioPci.VFIO_PCI_NUM_REGIONS) >= 0) {
            return EINVAL;
        }
        RegionDescription region = access.region(asked.index());
        return region.mappable().isPresent()
                ? mappable(asked, region, region.mappable().get())
                : fixedPart(asked, region, 0, 0, fixed);
    }

    private int mappable(VfioRegionInfo asked, RegionDescription region, Mappable mappable) {
        int fixed = VfioRegionInfo.LAYOUT.size();
        int full = fixed + RegionCapabilities.size(mappable);
        // A reply that does not fit says how much is needed and leaves the rest out. It names the
        // capabilities' place all the same: QEMU refuses the flag without it before it asks again.
        int length = fixedPart(asked, region, mappable.offset(), fixed, full);
        if (Integer.compareUnsigned(asked.argsz(), full) < 0) {
            return length;
        }
        RegionCapabilities.write(mappable, reply.frame(), Reply.PAYLOAD, fixed);
        reply.attach(List.of(mappable.file()));
        return full;
    }

    private int fixedPart(
            VfioRegionInfo asked, RegionDescription region, long offset, int capOffset, int full) {
        new VfioRegionInfo(full, flags(region), asked.index(), capOffset, region.size(), offset)
                .write(reply.frame(), Reply.PAYLOAD);
        return VfioRegionInfo.LAYOUT.size();
    }

    private static int flags(RegionDescription region) {
        int mapped = Vfio.VFIO_REGION_INFO_FLAG_MMAP | Vfio.VFIO_REGION_INFO_FLAG_CAPS;
        return (region.readable() ? Vfio.VFIO_REGION_INFO_FLAG_READ : 0)
                | (region.writable() ? Vfio.VFIO_REGION_INFO_FLAG_WRITE : 0)
                | (region.mappable().isPresent() ? mapped : 0);
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

    private int irqInfo(ServedAccess access, Memory frame, int size) {
        int length = VfioIrqInfo.LAYOUT.size();
        int refusal = tooSmall(frame, size, length);
        if (refusal != 0) {
            return refusal;
        }
        VfioIrqInfo asked = VfioIrqInfo.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(asked.index(), interruptIndices) >= 0) {
            return EINVAL;
        }
        InterruptDescription interrupts = access.interrupt(asked.index());
        new VfioIrqInfo(length, interrupts.flags(), asked.index(), interrupts.count())
                .write(reply.frame(), Reply.PAYLOAD);
        return length;
    }

    private int setIrqs(ServedAccess access, Memory frame, int size, FrameFds fds) {
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

    private int feature(ServedAccess access, Memory frame, int size, FrameFds fds) {
        int length = size - VfioUserHeader.SIZE;
        if (fds.fdsRefused()) {
            return EINVAL;
        }
        // SET and PROBE give the request back, a GET's answer stands in its place: as it may be
        // longer, where there is room. Behind the frame there may be the next one.
        reply.frame().copy(frame, VfioUserHeader.SIZE, Reply.PAYLOAD, length);
        int result = access.feature(reply.frame(), Reply.PAYLOAD, length, fds.takeFds());
        return result == 0 ? length : result;
    }
}
