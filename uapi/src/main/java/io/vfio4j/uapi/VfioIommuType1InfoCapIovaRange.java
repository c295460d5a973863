/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

import java.util.List;

/**
 * Capability of the container: device addresses that may be mapped.
 *
 * <p>{@code nr_iovas} times {@link VfioIovaRange} follow.
 *
 * @param header which capability this is and where the next one starts
 * @param nrIovas ranges that follow (u32)
 */
public record VfioIommuType1InfoCapIovaRange(VfioInfoCapHeader header, int nrIovas) {
    /** {@code struct vfio_iommu_type1_info_cap_iova_range}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iommu_type1_info_cap_iova_range")
                    .struct("header", VfioInfoCapHeader.LAYOUT)
                    .u32("nr_iovas")
                    .u32("reserved")
                    .flexible("iova_ranges", VfioIovaRange.LAYOUT);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIommuType1InfoCapIovaRange read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIommuType1InfoCapIovaRange(
                VfioInfoCapHeader.read(memory, in.struct("header")), in.u32("nr_iovas"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        var out = LAYOUT.writer(memory, at);
        header.write(memory, out.struct("header"));
        out.u32("nr_iovas", nrIovas).zero("reserved");
    }

    /**
     * The ranges of the capability at that byte.
     *
     * @param end first byte of memory that is no longer part of the info
     * @throws IllegalArgumentException if {@code nr_iovas} ranges do not end before it
     */
    public static List<VfioIovaRange> ranges(Memory memory, long at, long end) {
        return StructArray.read(
                LAYOUT,
                VfioIovaRange.LAYOUT,
                read(memory, at).nrIovas(),
                at,
                end,
                i -> VfioIovaRange.read(memory, i));
    }
}
