/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_HWPT_SET_DIRTY_TRACKING}.
 *
 * @param size bytes of this structure (u32)
 * @param flags {@link Iommufd#IOMMU_HWPT_DIRTY_TRACKING_ENABLE}, or 0 to stop (u32)
 * @param hwptId the page table (u32)
 */
public record IommuHwptSetDirtyTracking(int size, int flags, int hwptId) {
    /** {@code struct iommu_hwpt_set_dirty_tracking}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_hwpt_set_dirty_tracking")
                    .u32("size")
                    .u32("flags")
                    .u32("hwpt_id")
                    .u32("__reserved")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuHwptSetDirtyTracking read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuHwptSetDirtyTracking(in.u32("size"), in.u32("flags"), in.u32("hwpt_id"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("flags", flags)
                .u32("hwpt_id", hwptId)
                .zero("__reserved");
    }
}
