/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Capability of the container: it can log dirty pages.
 *
 * @param header which capability this is and where the next one starts
 * @param flags no bits are defined (u32)
 * @param pgsizeBitmap page sizes in bytes that one bit may stand for (u64)
 * @param maxDirtyBitmapSize bytes of the largest bitmap (u64)
 */
public record VfioIommuType1InfoCapMigration(
        VfioInfoCapHeader header, int flags, long pgsizeBitmap, long maxDirtyBitmapSize) {
    /** {@code struct vfio_iommu_type1_info_cap_migration}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iommu_type1_info_cap_migration")
                    .struct("header", VfioInfoCapHeader.LAYOUT)
                    .u32("flags")
                    .u64("pgsize_bitmap")
                    .u64("max_dirty_bitmap_size")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIommuType1InfoCapMigration read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIommuType1InfoCapMigration(
                VfioInfoCapHeader.read(memory, in.struct("header")),
                in.u32("flags"),
                in.u64("pgsize_bitmap"),
                in.u64("max_dirty_bitmap_size"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        var out = LAYOUT.writer(memory, at);
        header.write(memory, out.struct("header"));
        out.u32("flags", flags)
                .u64("pgsize_bitmap", pgsizeBitmap)
                .u64("max_dirty_bitmap_size", maxDirtyBitmapSize);
    }
}
