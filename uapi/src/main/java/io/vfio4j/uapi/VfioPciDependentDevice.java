/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * A device that a hot reset of another one would reset too.
 *
 * @param groupId its IOMMU group; its iommufd {@link #devid} when {@link
 *     Vfio#VFIO_PCI_HOT_RESET_FLAG_DEV_ID} is set (u32)
 * @param segment PCI segment (u16)
 * @param bus PCI bus (u8)
 * @param devfn device number in bits 7:3, function in 2:0 (u8)
 */
public record VfioPciDependentDevice(int groupId, int segment, int bus, int devfn) {
    /** {@code struct vfio_pci_dependent_device}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_pci_dependent_device")
                    .u32("group_id")
                    .u16("segment")
                    .u8("bus")
                    .u8("devfn")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioPciDependentDevice read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioPciDependentDevice(
                in.u32("group_id"), in.u16("segment"), in.u8("bus"), in.u8("devfn"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("group_id", groupId)
                .u16("segment", segment)
                .u8("bus", bus)
                .u8("devfn", devfn);
    }

    /**
     * The same field read as an iommufd device id, as it is with {@link
     * Vfio#VFIO_PCI_HOT_RESET_FLAG_DEV_ID}.
     */
    public int devid() {
        return groupId;
    }
}
