/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The start of each capability that follows an info structure.
 *
 * @param id which capability, such as {@link Vfio#VFIO_REGION_INFO_CAP_SPARSE_MMAP} (u16)
 * @param version version of this capability's content (u16)
 * @param next bytes from the start of the info structure to the next capability, 0 for the last
 *     (u32)
 */
public record VfioInfoCapHeader(int id, int version, int next) {
    /** {@code struct vfio_info_cap_header}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_info_cap_header").u16("id").u16("version").u32("next").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioInfoCapHeader read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioInfoCapHeader(in.u16("id"), in.u16("version"), in.u32("next"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u16("id", id).u16("version", version).u32("next", next);
    }
}
