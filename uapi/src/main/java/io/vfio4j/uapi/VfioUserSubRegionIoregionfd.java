/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * A part of a region whose accesses may go to another descriptor instead of the socket.
 *
 * @param offset bytes from the start of the region (u64)
 * @param size bytes of an access, 0 for any posted write (u64)
 * @param fdIndex which of the descriptors beside the frame (u32)
 * @param type {@link VfioUser#VFIO_USER_IO_FD_TYPE_IOREGIONFD} (u32)
 * @param flags {@code KVM_IOREGION_*} (u32)
 * @param userData given back with each access (u64)
 */
public record VfioUserSubRegionIoregionfd(
        long offset, long size, int fdIndex, int type, int flags, long userData) {
    /** {@code struct vfio_user_sub_region_ioregionfd}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_sub_region_ioregionfd")
                    .u64("offset")
                    .u64("size")
                    .u32("fd_index")
                    .u32("type")
                    .u32("flags")
                    .u32("padding")
                    .u64("user_data")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserSubRegionIoregionfd read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserSubRegionIoregionfd(
                in.u64("offset"),
                in.u64("size"),
                in.u32("fd_index"),
                in.u32("type"),
                in.u32("flags"),
                in.skip("padding").u64("user_data"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u64("offset", offset)
                .u64("size", size)
                .u32("fd_index", fdIndex)
                .u32("type", type)
                .u32("flags", flags)
                .zero("padding")
                .u64("user_data", userData);
    }
}
