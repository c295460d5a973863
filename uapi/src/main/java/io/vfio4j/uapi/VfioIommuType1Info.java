/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * What {@link Vfio#VFIO_IOMMU_GET_INFO} tells of a type 1 container. Older kernels end after {@code
 * cap_offset}.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags {@code VFIO_IOMMU_INFO_*} (u32)
 * @param iovaPgsizes bitmap of page sizes in bytes (u64)
 * @param capOffset bytes from here to the first capability, 0 without one (u32)
 */
public record VfioIommuType1Info(int argsz, int flags, long iovaPgsizes, int capOffset) {
    /** {@code struct vfio_iommu_type1_info}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iommu_type1_info")
                    .u32("argsz")
                    .u32("flags")
                    .u64("iova_pgsizes")
                    .u32("cap_offset")
                    .u32("pad")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIommuType1Info read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIommuType1Info(
                in.u32("argsz"), in.u32("flags"), in.u64("iova_pgsizes"), in.u32("cap_offset"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u64("iova_pgsizes", iovaPgsizes)
                .u32("cap_offset", capOffset)
                .zero("pad");
    }
}
