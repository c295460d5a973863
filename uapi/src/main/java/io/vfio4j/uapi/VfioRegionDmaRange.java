/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * One slice of a region to export as a dma-buf.
 *
 * @param offset bytes from the start of the region (u64)
 * @param length bytes (u64)
 */
public record VfioRegionDmaRange(long offset, long length) {
    /** {@code struct vfio_region_dma_range}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_region_dma_range").u64("offset").u64("length").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioRegionDmaRange read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioRegionDmaRange(in.u64("offset"), in.u64("length"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("offset", offset).u64("length", length);
    }
}
