/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The start of {@link Vfio#VFIO_DEVICE_FEATURE}, and of vfio-user's DEVICE_FEATURE (spec A1).
 *
 * <p>The feature's payload follows.
 *
 * @param argsz kernel: bytes of this structure and its payload; vfio-user: bytes that the reply may
 *     have (u32)
 * @param flags feature index in bits 15:0, then {@code VFIO_DEVICE_FEATURE_GET}, {@code _SET},
 *     {@code _PROBE}; other bits 0 (u32)
 */
public record VfioDeviceFeature(int argsz, int flags) {
    /** {@code struct vfio_device_feature}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature").u32("argsz").u32("flags").flexible("data");

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeature read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeature(in.u32("argsz"), in.u32("flags"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("argsz", argsz).u32("flags", flags);
    }

    /** The feature's number, 0 to 65535; {@link VfioFeature#of} names it. */
    public int feature() {
        return flags & Vfio.VFIO_DEVICE_FEATURE_MASK;
    }

    /** Whether the caller wants the feature's data. */
    public boolean get() {
        return (flags & Vfio.VFIO_DEVICE_FEATURE_GET) != 0;
    }

    /** Whether the caller sends the feature's data, or performs it. */
    public boolean set() {
        return (flags & Vfio.VFIO_DEVICE_FEATURE_SET) != 0;
    }

    /** Whether the caller only asks if the feature, and the operations named beside, exist. */
    public boolean probe() {
        return (flags & Vfio.VFIO_DEVICE_FEATURE_PROBE) != 0;
    }
}
