/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of DEVICE_GET_REGION_IO_FDS, and the start of its reply.
 *
 * <p>In a reply, {@code count} times {@link VfioUserSubRegionIoeventfd} or {@link
 * VfioUserSubRegionIoregionfd} follow, told apart by {@code type}.
 *
 * @param argsz bytes that the reply's payload may have; in the reply, bytes that it needs (u32)
 * @param flags must be 0 (u32)
 * @param index region index (u32)
 * @param count 0; in the reply, sub-regions that follow (u32)
 */
public record VfioUserRegionIoFds(int argsz, int flags, int index, int count) {
    /** {@code struct vfio_user_region_io_fds}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_region_io_fds")
                    .u32("argsz")
                    .u32("flags")
                    .u32("index")
                    .u32("count")
                    .flexible("sub_regions", VfioUserSubRegionIoeventfd.LAYOUT);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserRegionIoFds read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserRegionIoFds(
                in.u32("argsz"), in.u32("flags"), in.u32("index"), in.u32("count"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u32("index", index)
                .u32("count", count);
    }
}
