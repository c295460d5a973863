/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Which part of the container's dirty bitmap to get.
 *
 * @param iova first device address (u64)
 * @param size bytes (u64)
 * @param bitmap where to put it
 */
public record VfioIommuType1DirtyBitmapGet(long iova, long size, VfioBitmap bitmap) {
    /** {@code struct vfio_iommu_type1_dirty_bitmap_get}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iommu_type1_dirty_bitmap_get")
                    .u64("iova")
                    .u64("size")
                    .struct("bitmap", VfioBitmap.LAYOUT)
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIommuType1DirtyBitmapGet read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIommuType1DirtyBitmapGet(
                in.u64("iova"), in.u64("size"), VfioBitmap.read(memory, in.struct("bitmap")));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        var out = LAYOUT.writer(memory, at);
        out.u64("iova", iova).u64("size", size);
        bitmap.write(memory, out.struct("bitmap"));
    }
}
