/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * One part of a region that can be mapped.
 *
 * @param offset bytes from the start of the region (u64)
 * @param size bytes (u64)
 */
public record VfioRegionSparseMmapArea(long offset, long size) {
    /** {@code struct vfio_region_sparse_mmap_area}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_region_sparse_mmap_area").u64("offset").u64("size").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioRegionSparseMmapArea read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioRegionSparseMmapArea(in.u64("offset"), in.u64("size"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("offset", offset).u64("size", size);
    }
}
