/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Ioctl;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioGroupStatus;

/**
 * An IOMMU group, which a process can open once, in a container of its own: the devices of a group
 * see the same memory.
 *
 * @param container /dev/vfio/vfio, made a type 1 IOMMU
 * @param fd the group
 */
record VfioGroup(Fd container, Fd fd) implements Shared.Closing {
    private static final String NO_VFIO =
            "the vfio module is not loaded (modprobe vfio-pci), or the kernel has no containers";

    /**
     * Opens the group of a device.
     *
     * @param number the group's
     */
    static VfioGroup open(KernelFiles files, SysfsPci device, int number) {
        Fd container = KernelFiles.open(files.container(), device, NO_VFIO);
        try {
            requireType1(container, device);
            Fd group =
                    KernelFiles.open(
                            files.group(number),
                            device,
                            "no device of group %d is bound to vfio-pci, or /dev is not the kernel's"
                                    .formatted(number));
            try {
                VfioGroup opened = new VfioGroup(container, group);
                opened.join(device, number);
                return opened;
            } catch (RuntimeException refused) {
                group.close();
                throw refused;
            }
        } catch (RuntimeException refused) {
            container.close();
            throw refused;
        }
    }

    private static void requireType1(Fd container, SysfsPci device) {
        try {
            int version = Ioctl.call(container, Vfio.VFIO_GET_API_VERSION, 0);
            if (version != Vfio.VFIO_API_VERSION) {
                throw new VfioException(
                        Errno.EPROTO,
                        "%s: the kernel's vfio has version %d, this library knows %d"
                                .formatted(device, version, Vfio.VFIO_API_VERSION));
            }
            if (Ioctl.call(container, Vfio.VFIO_CHECK_EXTENSION, Vfio.VFIO_TYPE1v2_IOMMU) == 0) {
                throw noType1(device);
            }
        } catch (LinuxException failed) {
            throw Answers.failed(
                    failed.errno(),
                    "%s: asking the container what it can do".formatted(device),
                    ": is /dev/vfio/vfio the kernel's?");
        }
    }

    private static VfioException noType1(SysfsPci device) {
        return new VfioException(
                Errno.ENODEV,
                "%s: the kernel has no type 1 IOMMU for vfio: load it (modprobe vfio_iommu_type1)"
                        .formatted(device));
    }

    /** Checks the group, and puts it into the container. */
    private void join(SysfsPci device, int number) {
        int size = VfioGroupStatus.LAYOUT.size();
        try (var block = ArgumentBlocks.PLAIN.take(size)) {
            Memory memory = block.memory;
            new VfioGroupStatus(size, 0).write(memory, 0);
            call(Vfio.VFIO_GROUP_GET_STATUS, memory, device, number);
            int flags = VfioGroupStatus.read(memory, 0).flags();
            if ((flags & Vfio.VFIO_GROUP_FLAGS_VIABLE) == 0) {
                throw Preconditions.notViable(device);
            }
            memory.putInt(0, container.number());
            call(Vfio.VFIO_GROUP_SET_CONTAINER, memory, device, number);
        }
        try {
            int _ = Ioctl.call(container, Vfio.VFIO_SET_IOMMU, Vfio.VFIO_TYPE1v2_IOMMU);
        } catch (LinuxException refused) {
            throw noIommu(device, number, refused.errno());
        }
    }

    private void call(int request, Memory argument, SysfsPci device, int number) {
        try {
            int _ = Ioctl.call(fd, request, argument, 0);
        } catch (LinuxException refused) {
            Errno errno = refused.errno();
            if (errno.equals(Errno.EBUSY) || errno.equals(Errno.EPERM)) {
                throw Preconditions.claimRefused(device, errno);
            }
            throw Answers.failed(
                    errno, "%s: claiming its IOMMU group %d".formatted(device, number), "");
        }
    }

    /** The sentence for a container that cannot be a type 1 IOMMU for the group. */
    static VfioException noIommu(SysfsPci device, int number, Errno errno) {
        if (errno.equals(Errno.ENODEV)) {
            return noType1(device);
        }
        String advice =
                errno.equals(Errno.EPERM)
                        ? ": the IOMMU does not remap interrupts: turn that on (intremap), or accept devices that can"
                                + " forge interrupts (vfio_iommu_type1's allow_unsafe_interrupts=1)"
                        : "";
        return Answers.failed(
                errno, "%s: giving group %d an IOMMU".formatted(device, number), advice);
    }

    @Override
    public void close() {
        fd.close();
        container.close();
    }
}
