/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Ioctl;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.IommuDestroy;
import io.vfio4j.uapi.IommuIoasAlloc;
import io.vfio4j.uapi.IommuIoasMap;
import io.vfio4j.uapi.IommuIoasUnmap;
import io.vfio4j.uapi.Iommufd;

/**
 * An address space for the devices of one IOMMU group, which the kernel attaches to one only.
 *
 * @param iommufd of {@code /dev/iommu}
 * @param id the space's
 * @param context what owns the descriptor
 */
record IommuSpace(Fd iommufd, int id, Shared.Closing context) implements Shared.Closing {
    /**
     * Allocates.
     *
     * @param context owned by the space, and closed if there is none
     */
    static IommuSpace allocate(Fd iommufd, SysfsPci device, Shared.Closing context) {
        boolean allocated = false;
        try {
            IommuSpace space = new IommuSpace(iommufd, allocate(iommufd, device), context);
            allocated = true;
            return space;
        } finally {
            if (!allocated) {
                context.close();
            }
        }
    }

    private static int allocate(Fd iommufd, SysfsPci device) {
        int size = IommuIoasAlloc.LAYOUT.size();
        try (Memory memory = Memory.allocate(size)) {
            new IommuIoasAlloc(size, 0, 0).write(memory, 0);
            int _ = Ioctl.call(iommufd, Iommufd.IOMMU_IOAS_ALLOC, memory, 0);
            return IommuIoasAlloc.read(memory, 0).outIoasId();
        } catch (LinuxException refused) {
            throw Answers.failed(
                    refused.errno(), "%s: allocating an address space".formatted(device), "");
        }
    }

    void map(long address, long iova, long length, DmaDirection direction) {
        int size = IommuIoasMap.LAYOUT.size();
        int flags =
                Iommufd.IOMMU_IOAS_MAP_FIXED_IOVA
                        | (direction.readableByDevice() ? Iommufd.IOMMU_IOAS_MAP_READABLE : 0)
                        | (direction.writableByDevice() ? Iommufd.IOMMU_IOAS_MAP_WRITEABLE : 0);
        try (Memory memory = Memory.allocate(size)) {
            new IommuIoasMap(size, flags, id, address, length, iova).write(memory, 0);
            int _ = Ioctl.call(iommufd, Iommufd.IOMMU_IOAS_MAP, memory, 0);
        }
    }

    void unmap(long iova, long length) {
        int size = IommuIoasUnmap.LAYOUT.size();
        try (Memory memory = Memory.allocate(size)) {
            new IommuIoasUnmap(size, id, iova, length).write(memory, 0);
            int _ = Ioctl.call(iommufd, Iommufd.IOMMU_IOAS_UNMAP, memory, 0);
        }
    }

    @Override
    public void close() {
        int size = IommuDestroy.LAYOUT.size();
        try (Memory memory = Memory.allocate(size)) {
            new IommuDestroy(size, id).write(memory, 0);
            int _ = Ioctl.call(iommufd, Iommufd.IOMMU_DESTROY, memory, 0);
        } catch (LinuxException _) {
            // Still attached, to a device that a mapping keeps open: it goes with the context.
        } finally {
            context.close();
        }
    }
}
