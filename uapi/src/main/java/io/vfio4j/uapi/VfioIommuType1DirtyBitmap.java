/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Vfio#VFIO_IOMMU_DIRTY_PAGES}.
 *
 * <p>A {@link VfioIommuType1DirtyBitmapGet} follows with {@link
 * Vfio#VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP}.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags one of {@code VFIO_IOMMU_DIRTY_PAGES_FLAG_*} (u32)
 */
public record VfioIommuType1DirtyBitmap(int argsz, int flags) {
    /** {@code struct vfio_iommu_type1_dirty_bitmap}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iommu_type1_dirty_bitmap")
                    .u32("argsz")
                    .u32("flags")
                    .flexible("data");

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIommuType1DirtyBitmap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIommuType1DirtyBitmap(in.u32("argsz"), in.u32("flags"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("argsz", argsz).u32("flags", flags);
    }
}
