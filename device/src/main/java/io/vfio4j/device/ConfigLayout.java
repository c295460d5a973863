/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;

/**
 * A function's configuration space as it is after power-on: the type 0 header and the capability
 * chain, with a mask of the bits that software may write. Names are those of linux/pci_regs.h.
 */
final class ConfigLayout {
    private static final int FIRST_CAPABILITY = 0x40;

    /** Immediate_Readiness_on_Return_to_D0, reserved in pci_regs.h. */
    private static final int IMMEDIATE_READINESS = PciRegs.PCI_PM_CAP_RESERVED;

    private static final int AUX_CURRENT_SHIFT = 6;

    private final PciDescription description;
    private final byte[] initial;
    private final byte[] writable;
    private int next = FIRST_CAPABILITY;
    private int link = PciRegs.PCI_CAPABILITY_LIST;
    private int pmcsr;
    private int flrByte;
    private int msi;
    private int msix;

    ConfigLayout(PciDescription description) {
        this.description = description;
        initial = new byte[description.configSize()];
        writable = new byte[description.configSize()];
        header();
        description.bars().forEach(this::bar);
        description.power().ifPresent(this::powerManagement);
        if (description.msiVectors() > 0) {
            messages();
        }
        if (description.msixVectors() > 0) {
            messagesFromTable();
        }
        if (description.express()) {
            express();
        }
        if (link != PciRegs.PCI_CAPABILITY_LIST) {
            word(PciRegs.PCI_STATUS, PciRegs.PCI_STATUS_CAP_LIST, 0);
        }
    }

    byte[] initial() {
        return initial.clone();
    }

    byte[] writable() {
        return writable.clone();
    }

    /** Where PMCSR is; 0 without a PM capability. */
    int pmcsr() {
        return pmcsr;
    }

    /** Where the MSI capability is, of the form with 64-bit addresses and mask bits; or 0. */
    int msi() {
        return msi;
    }

    /** Where the MSI-X capability is; or 0. */
    int msix() {
        return msix;
    }

    /** The byte that holds Initiate Function Level Reset; 0 without a PCI Express capability. */
    int flrByte() {
        return flrByte;
    }

    /** The bit in {@link #flrByte()}. */
    int flrBit() {
        return PciRegs.PCI_EXP_DEVCTL_BCR_FLR >> 8;
    }

    private void header() {
        PciIdentity identity = description.identity();
        word(PciRegs.PCI_VENDOR_ID, identity.vendorId(), 0);
        word(PciRegs.PCI_DEVICE_ID, identity.deviceId(), 0);
        word(
                PciRegs.PCI_COMMAND,
                0,
                PciRegs.PCI_COMMAND_MEMORY
                        | PciRegs.PCI_COMMAND_MASTER
                        | PciRegs.PCI_COMMAND_PARITY
                        | PciRegs.PCI_COMMAND_SERR
                        | PciRegs.PCI_COMMAND_INTX_DISABLE);
        dword(PciRegs.PCI_CLASS_REVISION, identity.classCode() << 8 | identity.revision(), 0);
        word(PciRegs.PCI_CACHE_LINE_SIZE, 0, 0xff);
        word(PciRegs.PCI_SUBSYSTEM_VENDOR_ID, identity.subsystemVendorId(), 0);
        word(PciRegs.PCI_SUBSYSTEM_ID, identity.subsystemId(), 0);
        word(PciRegs.PCI_INTERRUPT_LINE, description.intx() ? 0x100 : 0, 0xff);
    }

    private void bar(BarDescription bar) {
        int register = PciRegs.PCI_BASE_ADDRESS_0 + 4 * bar.index();
        long mask = -bar.size();
        int type = bar.wide() ? PciRegs.PCI_BASE_ADDRESS_MEM_TYPE_64 : 0;
        dword(register, type, (int) mask & ~0xf);
        if (bar.wide()) {
            dword(register + 4, 0, (int) (mask >>> 32));
        }
    }

    private void powerManagement(PowerManagement management) {
        int at = capability(PciRegs.PCI_CAP_ID_PM, 8);
        pmcsr = at + PciRegs.PCI_PM_CTRL;
        int pmc = 3;
        pmc |= management.d1() ? PciRegs.PCI_PM_CAP_D1 : 0;
        pmc |= management.d2() ? PciRegs.PCI_PM_CAP_D2 : 0;
        pmc |= management.immediateReadiness() ? IMMEDIATE_READINESS : 0;
        pmc |= PowerManagement.auxCurrentBits(management.auxCurrent()) << AUX_CURRENT_SHIFT;
        for (PciPowerState state : management.pmeFrom()) {
            pmc |= 1 << state.pmeBit();
        }
        word(at + PciRegs.PCI_PM_PMC, pmc, 0);
        // PMCSR itself is the power rules' (spec B6, E).
    }

    private void messages() {
        int at = capability(PciRegs.PCI_CAP_ID_MSI, 0x18);
        msi = at;
        int log = Integer.numberOfTrailingZeros(description.msiVectors());
        word(
                at + PciRegs.PCI_MSI_FLAGS,
                PciRegs.PCI_MSI_FLAGS_64BIT | PciRegs.PCI_MSI_FLAGS_MASKBIT | log << 1,
                PciRegs.PCI_MSI_FLAGS_ENABLE | PciRegs.PCI_MSI_FLAGS_QSIZE);
        dword(at + PciRegs.PCI_MSI_ADDRESS_LO, 0, ~3);
        dword(at + PciRegs.PCI_MSI_ADDRESS_HI, 0, ~0);
        word(at + PciRegs.PCI_MSI_DATA_64, 0, 0xffff);
        dword(at + PciRegs.PCI_MSI_MASK_64, 0, (int) ((1L << description.msiVectors()) - 1));
    }

    private void messagesFromTable() {
        int at = capability(PciRegs.PCI_CAP_ID_MSIX, 12);
        msix = at;
        word(
                at + PciRegs.PCI_MSIX_FLAGS,
                description.msixVectors() - 1,
                PciRegs.PCI_MSIX_FLAGS_ENABLE | PciRegs.PCI_MSIX_FLAGS_MASKALL);
        dword(at + PciRegs.PCI_MSIX_TABLE, description.msixBar(), 0);
        dword(
                at + PciRegs.PCI_MSIX_PBA,
                (int) description.msixPendingOffset() | description.msixBar(),
                0);
    }

    private void express() {
        int at = capability(PciRegs.PCI_CAP_ID_EXP, 0x3c);
        int endpointVersion2 = 2;
        word(at + PciRegs.PCI_EXP_FLAGS, endpointVersion2, 0);
        dword(
                at + PciRegs.PCI_EXP_DEVCAP,
                PciRegs.PCI_EXP_DEVCAP_RBER | PciRegs.PCI_EXP_DEVCAP_FLR,
                0);
        int errorReporting = 0xf;
        word(at + PciRegs.PCI_EXP_DEVCTL, 0, errorReporting | PciRegs.PCI_EXP_DEVCTL_PAYLOAD);
        flrByte = at + PciRegs.PCI_EXP_DEVCTL + 1;
        int gen1 = 1;
        int oneLane = 1 << 4;
        dword(at + PciRegs.PCI_EXP_LNKCAP, gen1 | oneLane, 0);
        word(at + PciRegs.PCI_EXP_LNKSTA, gen1 | oneLane, 0);
    }

    private int capability(int id, int length) {
        int at = next;
        initial[link] = (byte) at;
        initial[at] = (byte) id;
        link = at + 1;
        next = (at + length + 3) & ~3;
        return at;
    }

    private void word(int register, int value, int mask) {
        for (int i = 0; i < 2; i++) {
            initial[register + i] = (byte) (value >> (8 * i));
            writable[register + i] = (byte) (mask >> (8 * i));
        }
    }

    private void dword(int register, int value, int mask) {
        word(register, value, mask);
        word(register + 2, value >> 16, mask >> 16);
    }
}
