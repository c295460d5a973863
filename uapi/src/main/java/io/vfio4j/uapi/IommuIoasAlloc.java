/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_IOAS_ALLOC}.
 *
 * @param size bytes of this structure (u32)
 * @param flags must be 0 (u32)
 * @param outIoasId output: the new address space (u32)
 */
public record IommuIoasAlloc(int size, int flags, int outIoasId) {
    /** {@code struct iommu_ioas_alloc}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_ioas_alloc").u32("size").u32("flags").u32("out_ioas_id").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuIoasAlloc read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuIoasAlloc(in.u32("size"), in.u32("flags"), in.u32("out_ioas_id"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("flags", flags)
                .u32("out_ioas_id", outIoasId);
    }
}
