/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.uapi.PciRegs;

/**
 * An error of PCI Express that an endpoint can have (PCI Express 6.2.7), with its bit in the
 * registers of Advanced Error Reporting. Severities are those after power-on; the driver can change
 * those of uncorrectable errors.
 */
public enum PciError {
    /** Data link protocol error; fatal. */
    DATA_LINK_PROTOCOL(false, PciRegs.PCI_ERR_UNC_DLP, true),
    /** Poisoned data was received. */
    POISONED_TLP(false, PciRegs.PCI_ERR_UNC_POISON_TLP, false),
    /** Flow control protocol error; fatal. */
    FLOW_CONTROL_PROTOCOL(false, PciRegs.PCI_ERR_UNC_FCP, true),
    /** A request of the device's got no answer. */
    COMPLETION_TIMEOUT(false, PciRegs.PCI_ERR_UNC_COMP_TIME, false),
    /** The device refused a request that breaks its programming model. */
    COMPLETER_ABORT(false, PciRegs.PCI_ERR_UNC_COMP_ABORT, false),
    /** An answer that was not asked for. */
    UNEXPECTED_COMPLETION(false, PciRegs.PCI_ERR_UNC_UNX_COMP, false),
    /** More was received than room had been promised for; fatal. */
    RECEIVER_OVERFLOW(false, PciRegs.PCI_ERR_UNC_RX_OVER, true),
    /** A packet that breaks the rules of packets; fatal. */
    MALFORMED_TLP(false, PciRegs.PCI_ERR_UNC_MALF_TLP, true),
    /** A request that the device does not know. */
    UNSUPPORTED_REQUEST(false, PciRegs.PCI_ERR_UNC_UNSUP, false),
    /** Something in the device went wrong for good; fatal, and masked after power-on. */
    UNCORRECTABLE_INTERNAL(false, PciRegs.PCI_ERR_UNC_INTN, true),

    /** Receiver error. */
    RECEIVER(true, PciRegs.PCI_ERR_COR_RCVR, false),
    /** A packet was bad and will be sent again. */
    BAD_TLP(true, PciRegs.PCI_ERR_COR_BAD_TLP, false),
    /** A data link packet was bad. */
    BAD_DLLP(true, PciRegs.PCI_ERR_COR_BAD_DLLP, false),
    /** A packet was sent again too often. */
    REPLAY_NUMBER_ROLLOVER(true, PciRegs.PCI_ERR_COR_REP_ROLL, false),
    /** A packet was not acknowledged in time. */
    REPLAY_TIMER_TIMEOUT(true, PciRegs.PCI_ERR_COR_REP_TIMER, false),
    /**
     * An uncorrectable error that is for somebody else to report; see {@link
     * PciDevice#reportAdvisory}. Masked after power-on.
     */
    ADVISORY_NON_FATAL(true, PciRegs.PCI_ERR_COR_ADV_NFAT, false),
    /** Something in the device went wrong and was put right; masked after power-on. */
    CORRECTED_INTERNAL(true, PciRegs.PCI_ERR_COR_INTERNAL, false);

    private final boolean correctable;
    private final int bit;
    private final boolean fatal;

    PciError(boolean correctable, int bit, boolean fatal) {
        this.correctable = correctable;
        this.bit = bit;
        this.fatal = fatal;
    }

    /**
     * Whether hardware can correct it without losing anything.
     *
     * @return whether
     */
    public boolean correctable() {
        return correctable;
    }

    /**
     * Whether it is fatal unless the driver says otherwise.
     *
     * @return whether; false for correctable errors
     */
    public boolean fatal() {
        return fatal;
    }

    /** Its bit in the status, mask and severity registers. */
    int bit() {
        return bit;
    }
}
