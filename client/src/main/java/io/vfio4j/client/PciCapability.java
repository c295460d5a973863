/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.PciRegs;

/**
 * A capability in configuration space.
 *
 * @param id {@code PCI_CAP_ID_*}, or {@code PCI_EXT_CAP_ID_*} if extended
 * @param offset where it starts, in bytes
 * @param extended whether it is one of PCI Express's extended ones, from 0x100 on
 */
public record PciCapability(int id, int offset, boolean extended) {
    /**
     * What it is called, such as {@code MSI-X}; the number in hexadecimal if it has no name here.
     */
    public String name() {
        return extended ? extendedName() : conventionalName();
    }

    private String conventionalName() {
        return switch (id) {
            case PciRegs.PCI_CAP_ID_PM -> "Power Management";
            case PciRegs.PCI_CAP_ID_VPD -> "Vital Product Data";
            case PciRegs.PCI_CAP_ID_MSI -> "MSI";
            case PciRegs.PCI_CAP_ID_PCIX -> "PCI-X";
            case PciRegs.PCI_CAP_ID_HT -> "HyperTransport";
            case PciRegs.PCI_CAP_ID_VNDR -> "Vendor Specific";
            case PciRegs.PCI_CAP_ID_SSVID -> "Bridge Subsystem";
            case PciRegs.PCI_CAP_ID_EXP -> "PCI Express";
            case PciRegs.PCI_CAP_ID_MSIX -> "MSI-X";
            case PciRegs.PCI_CAP_ID_SATA -> "SATA";
            case PciRegs.PCI_CAP_ID_AF -> "Advanced Features";
            case PciRegs.PCI_CAP_ID_EA -> "Enhanced Allocation";
            default -> "0x%02x".formatted(id);
        };
    }

    private String extendedName() {
        return switch (id) {
            case PciRegs.PCI_EXT_CAP_ID_ERR -> "Advanced Error Reporting";
            case PciRegs.PCI_EXT_CAP_ID_VC -> "Virtual Channel";
            case PciRegs.PCI_EXT_CAP_ID_DSN -> "Device Serial Number";
            case PciRegs.PCI_EXT_CAP_ID_PWR -> "Power Budgeting";
            case PciRegs.PCI_EXT_CAP_ID_VNDR -> "Vendor Specific";
            case PciRegs.PCI_EXT_CAP_ID_ACS -> "Access Control Services";
            case PciRegs.PCI_EXT_CAP_ID_ARI -> "Alternative Routing-ID";
            case PciRegs.PCI_EXT_CAP_ID_ATS -> "Address Translation Services";
            case PciRegs.PCI_EXT_CAP_ID_SRIOV -> "SR-IOV";
            case PciRegs.PCI_EXT_CAP_ID_PRI -> "Page Request Interface";
            case PciRegs.PCI_EXT_CAP_ID_REBAR -> "Resizable BAR";
            case PciRegs.PCI_EXT_CAP_ID_LTR -> "Latency Tolerance Reporting";
            case PciRegs.PCI_EXT_CAP_ID_PASID -> "Process Address Space ID";
            case PciRegs.PCI_EXT_CAP_ID_L1SS -> "L1 PM Substates";
            case PciRegs.PCI_EXT_CAP_ID_PTM -> "Precision Time Measurement";
            case PciRegs.PCI_EXT_CAP_ID_DVSEC -> "Designated Vendor Specific";
            default -> "0x%04x".formatted(id);
        };
    }
}
