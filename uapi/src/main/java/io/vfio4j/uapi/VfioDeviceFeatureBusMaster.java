/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 10, SET: bus mastering of a CDX device (PCI devices have it in the COMMAND
 * register).
 *
 * @param op {@link Vfio#VFIO_DEVICE_FEATURE_CLEAR_MASTER} or {@link
 *     Vfio#VFIO_DEVICE_FEATURE_SET_MASTER} (u32)
 */
public record VfioDeviceFeatureBusMaster(int op) {
    /** {@code struct vfio_device_feature_bus_master}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_bus_master").u32("op").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureBusMaster read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureBusMaster(in.u32("op"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("op", op);
    }
}
