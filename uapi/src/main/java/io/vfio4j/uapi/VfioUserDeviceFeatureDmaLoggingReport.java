/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 8 in vfio-user, GET: as the kernel's, with the bitmap in place of its address.
 *
 * <p>In a reply, the bitmap follows: u64 words, bit n is the page at {@code iova + n * page_size}.
 *
 * @param iova first device address (u64)
 * @param length bytes (u64)
 * @param pageSize bytes that one bit stands for, a power of two (u64)
 */
public record VfioUserDeviceFeatureDmaLoggingReport(long iova, long length, long pageSize) {
    /** {@code struct vfio_user_device_feature_dma_logging_report}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_device_feature_dma_logging_report")
                    .u64("iova")
                    .u64("length")
                    .u64("page_size")
                    .flexible("bitmap", Long.BYTES);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserDeviceFeatureDmaLoggingReport read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserDeviceFeatureDmaLoggingReport(
                in.u64("iova"), in.u64("length"), in.u64("page_size"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u64("iova", iova)
                .u64("length", length)
                .u64("page_size", pageSize);
    }
}
