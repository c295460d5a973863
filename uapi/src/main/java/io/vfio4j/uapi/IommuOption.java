/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_OPTION}.
 *
 * @param size bytes of this structure (u32)
 * @param optionId {@code IOMMU_OPTION_RLIMIT_MODE} or {@code IOMMU_OPTION_HUGE_PAGES} (u32)
 * @param op {@code IOMMU_OPTION_OP_SET} or {@code IOMMU_OPTION_OP_GET} (u16)
 * @param objectId the object, 0 for a global option (u32)
 * @param val64 in for SET, out for GET (u64)
 */
public record IommuOption(int size, int optionId, int op, int objectId, long val64) {
    /** {@code struct iommu_option}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_option")
                    .u32("size")
                    .u32("option_id")
                    .u16("op")
                    .u16("__reserved")
                    .u32("object_id")
                    .u64("val64")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuOption read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuOption(
                in.u32("size"),
                in.u32("option_id"),
                in.u16("op"),
                in.skip("__reserved").u32("object_id"),
                in.u64("val64"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("option_id", optionId)
                .u16("op", op)
                .zero("__reserved")
                .u32("object_id", objectId)
                .u64("val64", val64);
    }
}
