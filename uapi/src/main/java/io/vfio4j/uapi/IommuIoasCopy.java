/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_IOAS_COPY}.
 *
 * @param size bytes of this structure (u32)
 * @param flags {@code IOMMU_IOAS_MAP_*} (u32)
 * @param dstIoasId address space to map into (u32)
 * @param srcIoasId address space to take from (u32)
 * @param length bytes (u64)
 * @param dstIova device address in the destination: in with FIXED_IOVA, else out (u64)
 * @param srcIova device address in the source (u64)
 */
public record IommuIoasCopy(
        int size,
        int flags,
        int dstIoasId,
        int srcIoasId,
        long length,
        long dstIova,
        long srcIova) {
    /** {@code struct iommu_ioas_copy}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_ioas_copy")
                    .u32("size")
                    .u32("flags")
                    .u32("dst_ioas_id")
                    .u32("src_ioas_id")
                    .u64("length")
                    .u64("dst_iova")
                    .u64("src_iova")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuIoasCopy read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuIoasCopy(
                in.u32("size"),
                in.u32("flags"),
                in.u32("dst_ioas_id"),
                in.u32("src_ioas_id"),
                in.u64("length"),
                in.u64("dst_iova"),
                in.u64("src_iova"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("flags", flags)
                .u32("dst_ioas_id", dstIoasId)
                .u32("src_ioas_id", srcIoasId)
                .u64("length", length)
                .u64("dst_iova", dstIova)
                .u64("src_iova", srcIova);
    }
}
