/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * What {@link Vfio#VFIO_MIG_GET_PRECOPY_INFO} tells of a migration data descriptor.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags output: {@link Vfio#VFIO_PRECOPY_INFO_REINIT}, valid only after feature 12 was set
 *     (u32)
 * @param initialBytes bytes of first-pass data still to read (u64)
 * @param dirtyBytes bytes changed since they were read (u64)
 */
public record VfioPrecopyInfo(int argsz, int flags, long initialBytes, long dirtyBytes) {
    /** {@code struct vfio_precopy_info}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_precopy_info")
                    .u32("argsz")
                    .u32("flags")
                    .u64("initial_bytes")
                    .u64("dirty_bytes")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioPrecopyInfo read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioPrecopyInfo(
                in.u32("argsz"), in.u32("flags"), in.u64("initial_bytes"), in.u64("dirty_bytes"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u64("initial_bytes", initialBytes)
                .u64("dirty_bytes", dirtyBytes);
    }
}
