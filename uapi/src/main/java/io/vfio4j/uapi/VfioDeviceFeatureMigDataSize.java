/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 9, GET: how much STOP_COPY will have to move.
 *
 * @param stopCopyLength bytes, an estimate (u64)
 */
public record VfioDeviceFeatureMigDataSize(long stopCopyLength) {
    /** {@code struct vfio_device_feature_mig_data_size}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_mig_data_size").u64("stop_copy_length").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureMigDataSize read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureMigDataSize(in.u64("stop_copy_length"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("stop_copy_length", stopCopyLength);
    }
}
