/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 1, GET: what migration the device can do.
 *
 * @param flags {@code VFIO_MIGRATION_*} (u64)
 */
public record VfioDeviceFeatureMigration(long flags) {
    /** {@code struct vfio_device_feature_migration}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_migration").u64("flags").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureMigration read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureMigration(in.u64("flags"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("flags", flags);
    }
}
