/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_IOAS_MAP}.
 *
 * @param size bytes of this structure (u32)
 * @param flags {@code IOMMU_IOAS_MAP_*} (u32)
 * @param ioasId the address space (u32)
 * @param userVa address in this process (u64)
 * @param length bytes (u64)
 * @param iova device address: in with FIXED_IOVA, else out (u64)
 */
public record IommuIoasMap(int size, int flags, int ioasId, long userVa, long length, long iova) {
    /** {@code struct iommu_ioas_map}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_ioas_map")
                    .u32("size")
                    .u32("flags")
                    .u32("ioas_id")
                    .u32("__reserved")
                    .u64("user_va")
                    .u64("length")
                    .u64("iova")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuIoasMap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuIoasMap(
                in.u32("size"),
                in.u32("flags"),
                in.u32("ioas_id"),
                in.skip("__reserved").u64("user_va"),
                in.u64("length"),
                in.u64("iova"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("flags", flags)
                .u32("ioas_id", ioasId)
                .zero("__reserved")
                .u64("user_va", userVa)
                .u64("length", length)
                .u64("iova", iova);
    }
}
