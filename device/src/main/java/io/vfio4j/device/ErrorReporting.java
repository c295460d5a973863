/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.uapi.PciRegs;

/**
 * What becomes of an error: the order of logging and signalling in PCI Express 6.2.5, whose
 * flowchart each method follows box by box. Without Advanced Error Reporting what that capability
 * would hold is left out.
 */
final class ErrorReporting {
    /** PCI_ERR_CAP: the number of the status bit that the header log belongs to. */
    static final int FIRST_ERROR_MASK = 0x1f;

    /** Dwords of the header log. */
    static final int HEADER_WORDS = 4;

    private final ConfigSpace.Registers registers;
    private final int express;
    private final int aer;

    /** On registers that nobody else changes meanwhile; places as {@link ConfigLayout} has them. */
    ErrorReporting(ConfigSpace.Registers registers, int express, int aer) {
        this.registers = registers;
        this.express = express;
        this.aer = aer;
    }

    /**
     * Logs an error.
     *
     * @param error not {@link PciError#ADVISORY_NON_FATAL}
     * @param header the first dwords of the packet that was at fault; none if there was none
     * @return whether it is uncorrectable and not masked
     */
    boolean report(PciError error, int[] header) {
        if (error.correctable()) {
            correctable(error.bit());
            return false;
        }
        conventional(error);
        deviceStatus(fatal(error) ? PciRegs.PCI_EXP_DEVSTA_FED : PciRegs.PCI_EXP_DEVSTA_NFED);
        unsupported(error);
        if (logUncorrectable(error, header)) {
            return false;
        }
        if ((registers.get(PciRegs.PCI_COMMAND, 2) & PciRegs.PCI_COMMAND_SERR) != 0) {
            raise(PciRegs.PCI_STATUS, 2, PciRegs.PCI_STATUS_SIG_SYSTEM_ERROR);
        }
        return true;
    }

    private boolean fatal(PciError error) {
        return aer == 0 ? error.fatal() : has(aer(PciRegs.PCI_ERR_UNCOR_SEVER), error);
    }

    /**
     * Logs an uncorrectable error as an advisory one, if its severity lets it be (6.2.3.2.4).
     *
     * @param error not correctable
     * @param header as for {@link #report}
     * @return whether it is fatal, and not masked
     */
    boolean reportAdvisory(PciError error, int[] header) {
        if (fatal(error)) {
            return report(error, header);
        }
        conventional(error);
        unsupported(error);
        if (correctable(PciRegs.PCI_ERR_COR_ADV_NFAT)) {
            logUncorrectable(error, header);
        }
        return false;
    }

    /** Returns whether it is not masked. */
    private boolean correctable(int bit) {
        deviceStatus(PciRegs.PCI_EXP_DEVSTA_CED);
        if (aer == 0) {
            return true;
        }
        raise(aer + PciRegs.PCI_ERR_COR_STATUS, 4, bit);
        return (aer(PciRegs.PCI_ERR_COR_MASK) & bit) == 0;
    }

    /** Returns whether it is masked: the status is set nevertheless, but nothing else. */
    private boolean logUncorrectable(PciError error, int[] header) {
        if (aer == 0) {
            return false;
        }
        int before = aer(PciRegs.PCI_ERR_UNCOR_STATUS);
        boolean masked = has(aer(PciRegs.PCI_ERR_UNCOR_MASK), error);
        int control = aer(PciRegs.PCI_ERR_CAP);
        boolean taken = (before >>> (control & FIRST_ERROR_MASK) & 1) != 0;
        if (!masked && !taken) {
            int number = Integer.numberOfTrailingZeros(error.bit());
            registers.set(aer + PciRegs.PCI_ERR_CAP, 4, (control & ~FIRST_ERROR_MASK) | number);
            for (int i = 0; i < HEADER_WORDS; i++) {
                int word = i < header.length ? header[i] : 0;
                registers.set(aer + PciRegs.PCI_ERR_HEADER_LOG + 4 * i, 4, word);
            }
        }
        raise(aer + PciRegs.PCI_ERR_UNCOR_STATUS, 4, error.bit());
        return masked;
    }

    /** STATUS as conventional PCI knows it. */
    private void conventional(PciError error) {
        switch (error) {
            case POISONED_TLP -> raise(PciRegs.PCI_STATUS, 2, PciRegs.PCI_STATUS_DETECTED_PARITY);
            case COMPLETER_ABORT ->
                    raise(PciRegs.PCI_STATUS, 2, PciRegs.PCI_STATUS_SIG_TARGET_ABORT);
            default -> {
                // The others have no bit there.
            }
        }
    }

    private void unsupported(PciError error) {
        if (error == PciError.UNSUPPORTED_REQUEST) {
            deviceStatus(PciRegs.PCI_EXP_DEVSTA_URD);
        }
    }

    private void deviceStatus(int bit) {
        if (express != 0) {
            raise(express + PciRegs.PCI_EXP_DEVSTA, 2, bit);
        }
    }

    private void raise(int register, int width, int bits) {
        registers.set(register, width, registers.get(register, width) | bits);
    }

    private int aer(int register) {
        return registers.get(aer + register, 4);
    }

    private static boolean has(int register, PciError error) {
        return (register & error.bit()) != 0;
    }
}
