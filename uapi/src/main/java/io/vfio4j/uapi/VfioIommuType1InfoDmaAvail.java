/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Capability of the container: how many mappings it still takes.
 *
 * @param header which capability this is and where the next one starts
 * @param avail mappings (u32)
 */
public record VfioIommuType1InfoDmaAvail(VfioInfoCapHeader header, int avail) {
    /** {@code struct vfio_iommu_type1_info_dma_avail}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_iommu_type1_info_dma_avail")
                    .struct("header", VfioInfoCapHeader.LAYOUT)
                    .u32("avail")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIommuType1InfoDmaAvail read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIommuType1InfoDmaAvail(
                VfioInfoCapHeader.read(memory, in.struct("header")), in.u32("avail"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        var out = LAYOUT.writer(memory, at);
        header.write(memory, out.struct("header"));
        out.u32("avail", avail);
    }
}
