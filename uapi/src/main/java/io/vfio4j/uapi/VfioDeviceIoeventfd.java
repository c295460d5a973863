/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Vfio#VFIO_DEVICE_IOEVENTFD}: a write that an eventfd's signal performs.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags one of {@code VFIO_DEVICE_IOEVENTFD_8} to {@code _64} (u32)
 * @param offset where in the device's descriptor the write goes (u64)
 * @param data value to write (u64)
 * @param fd the eventfd, -1 to undo (s32)
 */
public record VfioDeviceIoeventfd(int argsz, int flags, long offset, long data, int fd) {
    /** {@code struct vfio_device_ioeventfd}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_ioeventfd")
                    .u32("argsz")
                    .u32("flags")
                    .u64("offset")
                    .u64("data")
                    .s32("fd")
                    .u32("reserved")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceIoeventfd read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceIoeventfd(
                in.u32("argsz"), in.u32("flags"), in.u64("offset"), in.u64("data"), in.s32("fd"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u64("offset", offset)
                .u64("data", data)
                .s32("fd", fd)
                .zero("reserved");
    }
}
