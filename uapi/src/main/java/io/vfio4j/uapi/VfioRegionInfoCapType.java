/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Capability of a region: what a device-specific region holds.
 *
 * @param header which capability this is and where the next one starts
 * @param type {@code VFIO_REGION_TYPE_*}, or a PCI vendor with {@link
 *     Vfio#VFIO_REGION_TYPE_PCI_VENDOR_TYPE} (u32)
 * @param subtype meaning depends on the type (u32)
 */
public record VfioRegionInfoCapType(VfioInfoCapHeader header, int type, int subtype) {
    /** {@code struct vfio_region_info_cap_type}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_region_info_cap_type")
                    .struct("header", VfioInfoCapHeader.LAYOUT)
                    .u32("type")
                    .u32("subtype")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioRegionInfoCapType read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioRegionInfoCapType(
                VfioInfoCapHeader.read(memory, in.struct("header")),
                in.u32("type"),
                in.u32("subtype"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        var out = LAYOUT.writer(memory, at);
        header.write(memory, out.struct("header"));
        out.u32("type", type).u32("subtype", subtype);
    }
}
