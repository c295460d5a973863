/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Vfio#VFIO_IOMMU_UNMAP_DMA}.
 *
 * <p>A {@link VfioBitmap} follows with {@link Vfio#VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP}.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags {@code VFIO_DMA_UNMAP_FLAG_*} (u32)
 * @param iova first device address (u64)
 * @param size bytes; on return, bytes that were unmapped (u64)
 */
public record VfioIommuType1DmaUnmap(int argsz, int flags, long iova, long size) {
    /** {@code struct vfio_iommu_type1_dma_unmap}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iommu_type1_dma_unmap")
                    .u32("argsz")
                    .u32("flags")
                    .u64("iova")
                    .u64("size")
                    .flexible("data");

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIommuType1DmaUnmap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIommuType1DmaUnmap(
                in.u32("argsz"), in.u32("flags"), in.u64("iova"), in.u64("size"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u64("iova", iova)
                .u64("size", size);
    }
}
