/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_DESTROY}.
 *
 * @param size bytes of this structure (u32)
 * @param id any iommufd object (u32)
 */
public record IommuDestroy(int size, int id) {
    /** {@code struct iommu_destroy}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_destroy").u32("size").u32("id").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuDestroy read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuDestroy(in.u32("size"), in.u32("id"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("size", size).u32("id", id);
    }
}
