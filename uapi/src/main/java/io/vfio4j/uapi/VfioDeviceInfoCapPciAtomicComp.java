/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Capability of the device info: widths of PCIe AtomicOp that the root bus completes.
 *
 * @param header which capability this is and where the next one starts
 * @param flags {@code VFIO_PCI_ATOMIC_COMP*} (u32)
 */
public record VfioDeviceInfoCapPciAtomicComp(VfioInfoCapHeader header, int flags) {
    /** {@code struct vfio_device_info_cap_pci_atomic_comp}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_info_cap_pci_atomic_comp")
                    .struct("header", VfioInfoCapHeader.LAYOUT)
                    .u32("flags")
                    .u32("reserved")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceInfoCapPciAtomicComp read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceInfoCapPciAtomicComp(
                VfioInfoCapHeader.read(memory, in.struct("header")), in.u32("flags"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        var out = LAYOUT.writer(memory, at);
        header.write(memory, out.struct("header"));
        out.u32("flags", flags).zero("reserved");
    }
}
