/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of DEVICE_GET_INFO, and of its reply: the kernel's structure without capabilities.
 *
 * @param argsz bytes that the reply's payload may have; in the reply, bytes that it needs (u32)
 * @param flags {@code VFIO_DEVICE_FLAGS_*} (u32)
 * @param numRegions highest region index plus one (u32)
 * @param numIrqs highest interrupt index plus one (u32)
 */
public record VfioUserDeviceInfo(int argsz, int flags, int numRegions, int numIrqs) {
    /** {@code struct vfio_user_device_info}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_device_info")
                    .u32("argsz")
                    .u32("flags")
                    .u32("num_regions")
                    .u32("num_irqs")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserDeviceInfo read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserDeviceInfo(
                in.u32("argsz"), in.u32("flags"), in.u32("num_regions"), in.u32("num_irqs"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u32("num_regions", numRegions)
                .u32("num_irqs", numIrqs);
    }
}
