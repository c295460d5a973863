/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * What {@link Vfio#VFIO_GROUP_GET_STATUS} tells of an IOMMU group.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags {@code VFIO_GROUP_FLAGS_*} (u32)
 */
public record VfioGroupStatus(int argsz, int flags) {
    /** {@code struct vfio_group_status}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_group_status").u32("argsz").u32("flags").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioGroupStatus read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioGroupStatus(in.u32("argsz"), in.u32("flags"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("argsz", argsz).u32("flags", flags);
    }
}
