/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;

/**
 * A function's configuration space as it is after power-on: the type 0 header and the capability
 * chain, and of what kind each bit is. Names are those of linux/pci_regs.h.
 */
final class ConfigLayout {
    private static final int FIRST_CAPABILITY = 0x40;
    private static final int FIRST_EXTENDED = PciRegs.PCI_CFG_SPACE_SIZE;

    /** Immediate_Readiness_on_Return_to_D0, reserved in pci_regs.h. */
    private static final int IMMEDIATE_READINESS = PciRegs.PCI_PM_CAP_RESERVED;

    private static final int AUX_CURRENT_SHIFT = 6;

    /** What happened to the function's transactions; the rest of STATUS is RO. */
    private static final int STATUS_ERRORS =
            PciRegs.PCI_STATUS_PARITY
                    | PciRegs.PCI_STATUS_SIG_TARGET_ABORT
                    | PciRegs.PCI_STATUS_REC_TARGET_ABORT
                    | PciRegs.PCI_STATUS_REC_MASTER_ABORT
                    | PciRegs.PCI_STATUS_SIG_SYSTEM_ERROR
                    | PciRegs.PCI_STATUS_DETECTED_PARITY;

    private static final int DEVICE_ERRORS =
            PciRegs.PCI_EXP_DEVSTA_CED
                    | PciRegs.PCI_EXP_DEVSTA_NFED
                    | PciRegs.PCI_EXP_DEVSTA_FED
                    | PciRegs.PCI_EXP_DEVSTA_URD;

    private final PciDescription description;
    private final ConfigBits bits;
    private int next = FIRST_CAPABILITY;
    private int link = PciRegs.PCI_CAPABILITY_LIST;
    private int pmcsr;
    private int express;
    private int flrByte;
    private int msi;
    private int msix;
    private int errors;
    private int nextExtended = FIRST_EXTENDED;
    private int extendedLink;
    private int extendedVersion;

    ConfigLayout(PciDescription description) {
        this.description = description;
        bits = new ConfigBits(description.configSize());
        header();
        description.bars().forEach(this::bar);
        description.power().ifPresent(this::powerManagement);
        if (description.msiVectors() > 0) {
            messages();
        }
        if (description.msixVectors() > 0) {
            messagesFromTable();
        }
        description.pciExpress().ifPresent(this::express);
        if (link != PciRegs.PCI_CAPABILITY_LIST) {
            bits.initial(PciRegs.PCI_STATUS, 2, PciRegs.PCI_STATUS_CAP_LIST);
        }
    }

    /** The kinds of its bits. */
    ConfigBits bits() {
        return bits;
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

    /** Where the PCI Express capability is; 0 without. */
    int express() {
        return express;
    }

    /** Where the AER capability is; 0 without. */
    int errors() {
        return errors;
    }

    /** The byte that holds Initiate Function Level Reset; 0 for a function that lacks it. */
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
        bits.writeOneToClear(PciRegs.PCI_STATUS, 2, STATUS_ERRORS);
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
        pmc |=
                management.hasAuxiliaryPower()
                        ? PowerManagement.auxCurrentBits(management.auxCurrent())
                                << AUX_CURRENT_SHIFT
                        : 0;
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

    private void express(PciExpress capability) {
        express = capability(PciRegs.PCI_CAP_ID_EXP, 0x3c);
        int endpointVersion2 = 2;
        word(express + PciRegs.PCI_EXP_FLAGS, endpointVersion2, 0);
        boolean flr = capability.functionLevelReset();
        dword(
                express + PciRegs.PCI_EXP_DEVCAP,
                PciRegs.PCI_EXP_DEVCAP_RBER | (flr ? PciRegs.PCI_EXP_DEVCAP_FLR : 0),
                0);
        int control = express + PciRegs.PCI_EXP_DEVCTL;
        int errorReporting = 0xf;
        word(control, 0, errorReporting | PciRegs.PCI_EXP_DEVCTL_PAYLOAD);
        bits.keptByFunctionLevelReset(control, 2, PciRegs.PCI_EXP_DEVCTL_PAYLOAD);
        flrByte = flr ? control + 1 : 0;
        boolean auxiliary =
                description.power().map(PowerManagement::hasAuxiliaryPower).orElse(false);
        int status = express + PciRegs.PCI_EXP_DEVSTA;
        word(status, auxiliary ? PciRegs.PCI_EXP_DEVSTA_AUXPD : 0, 0);
        bits.writeOneToClear(status, 2, DEVICE_ERRORS);
        int gen1 = 1;
        int oneLane = 1 << 4;
        dword(express + PciRegs.PCI_EXP_LNKCAP, gen1 | oneLane, 0);
        word(express + PciRegs.PCI_EXP_LNKSTA, gen1 | oneLane, 0);
        if (capability.errorReporting()) {
            errorReporting();
        }
        capability.serialNumber().ifPresent(this::serialNumber);
    }

    /** Of an endpoint that has no end-to-end checksums and logs one header. */
    private void errorReporting() {
        errors = extendedCapability(PciRegs.PCI_EXT_CAP_ID_ERR, 2, 0x2c);
        int uncorrectable = 0;
        int severity = 0;
        int correctable = 0;
        for (PciError error : PciError.values()) {
            if (error.correctable()) {
                correctable |= error.bit();
            } else {
                uncorrectable |= error.bit();
                severity |= error.fatal() ? error.bit() : 0;
            }
        }
        stickyStatus(errors + PciRegs.PCI_ERR_UNCOR_STATUS, uncorrectable);
        stickyControl(errors + PciRegs.PCI_ERR_UNCOR_MASK, PciRegs.PCI_ERR_UNC_INTN, uncorrectable);
        stickyControl(errors + PciRegs.PCI_ERR_UNCOR_SEVER, severity, uncorrectable);
        stickyStatus(errors + PciRegs.PCI_ERR_COR_STATUS, correctable);
        stickyControl(
                errors + PciRegs.PCI_ERR_COR_MASK,
                PciRegs.PCI_ERR_COR_ADV_NFAT | PciRegs.PCI_ERR_COR_INTERNAL,
                correctable);
        bits.sticky(errors + PciRegs.PCI_ERR_CAP, 4, ErrorReporting.FIRST_ERROR_MASK);
        for (int i = 0; i < ErrorReporting.HEADER_WORDS; i++) {
            bits.sticky(errors + PciRegs.PCI_ERR_HEADER_LOG + 4 * i, 4, ~0);
        }
    }

    private void stickyStatus(int register, int mask) {
        bits.writeOneToClear(register, 4, mask);
        bits.sticky(register, 4, mask);
    }

    private void stickyControl(int register, int value, int mask) {
        dword(register, value, mask);
        bits.sticky(register, 4, mask);
    }

    private void serialNumber(long number) {
        int at = extendedCapability(PciRegs.PCI_EXT_CAP_ID_DSN, 1, PciRegs.PCI_EXT_CAP_DSN_SIZEOF);
        bits.initial(at + 4, 4, (int) number);
        bits.initial(at + 8, 4, (int) (number >>> 32));
    }

    private int extendedCapability(int id, int version, int length) {
        int at = nextExtended;
        if (at > FIRST_EXTENDED) {
            // Bits 31:20 of the header before this one.
            bits.initial(extendedLink + 2, 2, at << 4 | extendedVersion);
        }
        bits.initial(at, 4, version << 16 | id);
        extendedLink = at;
        extendedVersion = version;
        nextExtended = (at + length + 3) & ~3;
        return at;
    }

    private int capability(int id, int length) {
        int at = next;
        bits.initial(link, 1, at);
        bits.initial(at, 1, id);
        link = at + 1;
        next = (at + length + 3) & ~3;
        return at;
    }

    private void word(int register, int value, int mask) {
        bits.initial(register, 2, value);
        bits.readWrite(register, 2, mask);
    }

    private void dword(int register, int value, int mask) {
        bits.initial(register, 4, value);
        bits.readWrite(register, 4, mask);
    }
}
