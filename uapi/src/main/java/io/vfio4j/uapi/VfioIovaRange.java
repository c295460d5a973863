/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * A range of device addresses that may be mapped.
 *
 * @param start first device address (u64)
 * @param end last device address (u64)
 */
public record VfioIovaRange(long start, long end) {
    /** {@code struct vfio_iova_range}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iova_range").u64("start").u64("end").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIovaRange read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIovaRange(in.u64("start"), in.u64("end"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("start", start).u64("end", end);
    }
}
