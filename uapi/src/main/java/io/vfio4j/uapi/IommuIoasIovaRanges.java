/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_IOAS_IOVA_RANGES}; EMSGSIZE with the needed number when the
 * array is too small.
 *
 * @param size bytes of this structure (u32)
 * @param ioasId the address space (u32)
 * @param numIovas in: ranges that the array holds; out: ranges there are (u32)
 * @param allowedIovas address of an array of {@link IommuIovaRange} (u64)
 * @param outIovaAlignment output: bytes to which a mapping must be aligned (u64)
 */
public record IommuIoasIovaRanges(
        int size, int ioasId, int numIovas, long allowedIovas, long outIovaAlignment) {
    /** {@code struct iommu_ioas_iova_ranges}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_ioas_iova_ranges")
                    .u32("size")
                    .u32("ioas_id")
                    .u32("num_iovas")
                    .u32("__reserved")
                    .u64("allowed_iovas")
                    .u64("out_iova_alignment")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuIoasIovaRanges read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuIoasIovaRanges(
                in.u32("size"),
                in.u32("ioas_id"),
                in.u32("num_iovas"),
                in.skip("__reserved").u64("allowed_iovas"),
                in.u64("out_iova_alignment"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("ioas_id", ioasId)
                .u32("num_iovas", numIovas)
                .zero("__reserved")
                .u64("allowed_iovas", allowedIovas)
                .u64("out_iova_alignment", outIovaAlignment);
    }
}
