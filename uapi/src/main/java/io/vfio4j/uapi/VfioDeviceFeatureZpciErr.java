/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 13, GET: the pending PCI error of an s390 device.
 *
 * @param data address of the buffer that receives it (u64)
 */
public record VfioDeviceFeatureZpciErr(long data) {
    /** {@code struct vfio_device_feature_zpci_err}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_zpci_err").u64("data").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureZpciErr read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureZpciErr(in.u64("data"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("data", data);
    }
}
