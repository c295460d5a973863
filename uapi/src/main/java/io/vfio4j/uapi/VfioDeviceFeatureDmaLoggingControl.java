/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 6, SET: start to log which pages the device writes (spec F).
 *
 * @param pageSize in: wished bytes per page; out: chosen (u64)
 * @param numRanges number of ranges at {@code ranges} (u32)
 * @param ranges address of {@code num_ranges} times {@link VfioDeviceFeatureDmaLoggingRange} (u64)
 */
public record VfioDeviceFeatureDmaLoggingControl(long pageSize, int numRanges, long ranges) {
    /** {@code struct vfio_device_feature_dma_logging_control}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_dma_logging_control")
                    .u64("page_size")
                    .u32("num_ranges")
                    .u32("__reserved")
                    .u64("ranges")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureDmaLoggingControl read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureDmaLoggingControl(
                in.u64("page_size"), in.u32("num_ranges"), in.skip("__reserved").u64("ranges"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u64("page_size", pageSize)
                .u32("num_ranges", numRanges)
                .zero("__reserved")
                .u64("ranges", ranges);
    }
}
