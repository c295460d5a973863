/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * What {@link Vfio#VFIO_DEVICE_GET_REGION_INFO} tells of a region; vfio-user sends the same
 * structure.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags {@code VFIO_REGION_INFO_FLAG_*} (u32)
 * @param index region index, such as {@link VfioPci#VFIO_PCI_CONFIG_REGION_INDEX} (u32)
 * @param capOffset bytes from here to the first capability, 0 without one (u32)
 * @param size bytes in the region, 0 if the device has none at that index (u64)
 * @param offset where the region starts in the device's descriptor, for pread, pwrite and mmap
 *     (u64)
 */
public record VfioRegionInfo(
        int argsz, int flags, int index, int capOffset, long size, long offset) {
    /** {@code struct vfio_region_info}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_region_info")
                    .u32("argsz")
                    .u32("flags")
                    .u32("index")
                    .u32("cap_offset")
                    .u64("size")
                    .u64("offset")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioRegionInfo read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioRegionInfo(
                in.u32("argsz"),
                in.u32("flags"),
                in.u32("index"),
                in.u32("cap_offset"),
                in.u64("size"),
                in.u64("offset"));
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
                .u32("cap_offset", capOffset)
                .u64("size", size)
                .u64("offset", offset);
    }
}
