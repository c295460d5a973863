/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * A bitmap of dirty pages in this process.
 *
 * @param pgsize bytes that one bit stands for (u64)
 * @param size bytes of the bitmap (u64)
 * @param data address of the bitmap (u64)
 */
public record VfioBitmap(long pgsize, long size, long data) {
    /** {@code struct vfio_bitmap}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_bitmap").u64("pgsize").u64("size").u64("data").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioBitmap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioBitmap(in.u64("pgsize"), in.u64("size"), in.u64("data"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("pgsize", pgsize).u64("size", size).u64("data", data);
    }
}
