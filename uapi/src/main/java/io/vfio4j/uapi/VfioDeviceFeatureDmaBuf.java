/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of feature 11, GET: export slices of a region as a dma-buf; the call returns its
 * descriptor.
 *
 * <p>{@code nr_ranges} times {@link VfioRegionDmaRange} follow.
 *
 * @param regionIndex which region (u32)
 * @param openFlags as for open(2): O_RDWR, O_CLOEXEC (u32)
 * @param flags must be 0 (u32)
 * @param nrRanges slices that follow (u32)
 */
public record VfioDeviceFeatureDmaBuf(int regionIndex, int openFlags, int flags, int nrRanges) {
    /** {@code struct vfio_device_feature_dma_buf}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_feature_dma_buf")
                    .u32("region_index")
                    .u32("open_flags")
                    .u32("flags")
                    .u32("nr_ranges")
                    .flexible("dma_ranges", VfioRegionDmaRange.LAYOUT);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceFeatureDmaBuf read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceFeatureDmaBuf(
                in.u32("region_index"), in.u32("open_flags"), in.u32("flags"), in.u32("nr_ranges"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("region_index", regionIndex)
                .u32("open_flags", openFlags)
                .u32("flags", flags)
                .u32("nr_ranges", nrRanges);
    }
}
