/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_IOAS_UNMAP}.
 *
 * @param size bytes of this structure (u32)
 * @param ioasId the address space (u32)
 * @param iova first device address; 0 with the largest length for all (u64)
 * @param length in: bytes, or all ones for all; out: bytes unmapped (u64)
 */
public record IommuIoasUnmap(int size, int ioasId, long iova, long length) {
    /** {@code struct iommu_ioas_unmap}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_ioas_unmap")
                    .u32("size")
                    .u32("ioas_id")
                    .u64("iova")
                    .u64("length")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuIoasUnmap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuIoasUnmap(
                in.u32("size"), in.u32("ioas_id"), in.u64("iova"), in.u64("length"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("ioas_id", ioasId)
                .u64("iova", iova)
                .u64("length", length);
    }
}
