/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_HWPT_GET_DIRTY_BITMAP}.
 *
 * @param size bytes of this structure (u32)
 * @param hwptId the page table (u32)
 * @param flags 0 or {@link Iommufd#IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR} (u32)
 * @param iova first device address (u64)
 * @param length bytes, not 0 (u64)
 * @param pageSize bytes that one bit stands for (u64)
 * @param data address of the bitmap (u64)
 */
public record IommuHwptGetDirtyBitmap(
        int size, int hwptId, int flags, long iova, long length, long pageSize, long data) {
    /** {@code struct iommu_hwpt_get_dirty_bitmap}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_hwpt_get_dirty_bitmap")
                    .u32("size")
                    .u32("hwpt_id")
                    .u32("flags")
                    .u32("__reserved")
                    .u64("iova")
                    .u64("length")
                    .u64("page_size")
                    .u64("data")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuHwptGetDirtyBitmap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuHwptGetDirtyBitmap(
                in.u32("size"),
                in.u32("hwpt_id"),
                in.u32("flags"),
                in.skip("__reserved").u64("iova"),
                in.u64("length"),
                in.u64("page_size"),
                in.u64("data"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("hwpt_id", hwptId)
                .u32("flags", flags)
                .zero("__reserved")
                .u64("iova", iova)
                .u64("length", length)
                .u64("page_size", pageSize)
                .u64("data", data);
    }
}
