/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * One range of device addresses to log.
 *
 * @param iova first device address (u64)
 * @param length bytes (u64)
 */
public record VfioDeviceFeatureDmaLoggingRange(long iova, long length) {
    /** {@code struct vfio_device_feature_dma_logging_range}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_dma_logging_range")
                    .u64("iova")
                    .u64("length")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureDmaLoggingRange read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureDmaLoggingRange(in.u64("iova"), in.u64("length"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("iova", iova).u64("length", length);
    }
}
