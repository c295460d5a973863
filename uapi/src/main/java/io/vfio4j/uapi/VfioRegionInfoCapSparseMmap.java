/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

import java.util.List;

/**
 * Capability of a region: only some parts of it can be mapped.
 *
 * <p>{@code nr_areas} times {@link VfioRegionSparseMmapArea} follow.
 *
 * @param header which capability this is and where the next one starts
 * @param nrAreas number of areas that follow (u32)
 */
public record VfioRegionInfoCapSparseMmap(VfioInfoCapHeader header, int nrAreas) {
    /** {@code struct vfio_region_info_cap_sparse_mmap}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_region_info_cap_sparse_mmap")
                    .struct("header", VfioInfoCapHeader.LAYOUT)
                    .u32("nr_areas")
                    .u32("reserved")
                    .flexible("areas", VfioRegionSparseMmapArea.LAYOUT);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioRegionInfoCapSparseMmap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioRegionInfoCapSparseMmap(
                VfioInfoCapHeader.read(memory, in.struct("header")), in.u32("nr_areas"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        var out = LAYOUT.writer(memory, at);
        header.write(memory, out.struct("header"));
        out.u32("nr_areas", nrAreas).zero("reserved");
    }

    /**
     * The areas of the capability at that byte.
     *
     * @param end first byte of memory that is no longer part of the info
     * @throws IllegalArgumentException if {@code nr_areas} areas do not end before it
     */
    public static List<VfioRegionSparseMmapArea> areas(Memory memory, long at, long end) {
        return StructArray.read(
                LAYOUT,
                VfioRegionSparseMmapArea.LAYOUT,
                read(memory, at).nrAreas(),
                at,
                end,
                i -> VfioRegionSparseMmapArea.read(memory, i));
    }
}
