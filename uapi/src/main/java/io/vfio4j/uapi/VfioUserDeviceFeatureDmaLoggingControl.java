/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 6 in vfio-user, SET: as the kernel's, with the ranges in place of their
 * address.
 *
 * <p>{@code num_ranges} times {@link VfioDeviceFeatureDmaLoggingRange} follow.
 *
 * @param pageSize in: wished bytes per page; out: chosen (u64)
 * @param numRanges ranges that follow, 0 for everything (u32)
 */
public record VfioUserDeviceFeatureDmaLoggingControl(long pageSize, int numRanges) {
    /** {@code struct vfio_user_device_feature_dma_logging_control}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_device_feature_dma_logging_control")
                    .u64("page_size")
                    .u32("num_ranges")
                    .u32("reserved")
                    .flexible("ranges", VfioDeviceFeatureDmaLoggingRange.LAYOUT);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserDeviceFeatureDmaLoggingControl read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserDeviceFeatureDmaLoggingControl(
                in.u64("page_size"), in.u32("num_ranges"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u64("page_size", pageSize)
                .u32("num_ranges", numRanges)
                .zero("reserved");
    }
}
