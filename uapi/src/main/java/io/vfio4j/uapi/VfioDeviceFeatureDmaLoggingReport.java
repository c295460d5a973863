/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 8, GET: read and clear the log of a range (spec F).
 *
 * @param iova first device address (u64)
 * @param length bytes (u64)
 * @param pageSize bytes that one bit stands for, a power of two (u64)
 * @param bitmap address of the bitmap, one bit a page, into which bits are or-ed (u64)
 */
public record VfioDeviceFeatureDmaLoggingReport(
        long iova, long length, long pageSize, long bitmap) {
    /** {@code struct vfio_device_feature_dma_logging_report}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_dma_logging_report")
                    .u64("iova")
                    .u64("length")
                    .u64("page_size")
                    .u64("bitmap")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureDmaLoggingReport read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureDmaLoggingReport(
                in.u64("iova"), in.u64("length"), in.u64("page_size"), in.u64("bitmap"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u64("iova", iova)
                .u64("length", length)
                .u64("page_size", pageSize)
                .u64("bitmap", bitmap);
    }
}
