/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * What {@link Vfio#VFIO_DEVICE_GET_INFO} tells of a device. Older kernels end after {@code
 * cap_offset}; the call accepts 16 bytes or more.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags {@code VFIO_DEVICE_FLAGS_*} (u32)
 * @param numRegions highest region index plus one (u32)
 * @param numIrqs highest interrupt index plus one (u32)
 * @param capOffset bytes from here to the first capability, 0 without one (u32)
 */
public record VfioDeviceInfo(int argsz, int flags, int numRegions, int numIrqs, int capOffset) {
    /** {@code struct vfio_device_info}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_info")
                    .u32("argsz")
                    .u32("flags")
                    .u32("num_regions")
                    .u32("num_irqs")
                    .u32("cap_offset")
                    .u32("pad")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceInfo read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceInfo(
                in.u32("argsz"),
                in.u32("flags"),
                in.u32("num_regions"),
                in.u32("num_irqs"),
                in.u32("cap_offset"));
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
                .u32("num_irqs", numIrqs)
                .u32("cap_offset", capOffset)
                .zero("pad");
    }
}
