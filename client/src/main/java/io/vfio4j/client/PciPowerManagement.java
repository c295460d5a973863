/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.PciAuxCurrent;
import io.vfio4j.uapi.PciRegs;

import java.util.ArrayList;
import java.util.List;

/**
 * The power management capability's two registers, decoded (spec E). VFIO shows PME_Support, PME_En
 * and PME_Status of a real device as 0 (spec B6); a device host shows its device's.
 *
 * @param offset where the capability starts
 * @param pmc the capabilities register, 16 bits
 * @param pmcsr the control and status register, 16 bits
 */
public record PciPowerManagement(int offset, int pmc, int pmcsr) {
    /** Immediate_Readiness_on_Return_to_D0; the kernel's header has it as reserved. */
    private static final int IMMEDIATE_READINESS = PciRegs.PCI_PM_CAP_RESERVED;

    private static final List<String> STATES = List.of("D0", "D1", "D2", "D3hot", "D3cold");

    /** The capability's version, 0 to 7. */
    public int version() {
        return pmc & PciRegs.PCI_PM_CAP_VER_MASK;
    }

    /** Whether D1 exists. */
    public boolean d1() {
        return (pmc & PciRegs.PCI_PM_CAP_D1) != 0;
    }

    /** Whether D2 exists. */
    public boolean d2() {
        return (pmc & PciRegs.PCI_PM_CAP_D2) != 0;
    }

    /** The states from which the device can ask to be woken, such as {@code D3hot}. */
    public List<String> pmeFrom() {
        List<String> states = new ArrayList<>();
        for (int i = 0; i < STATES.size(); i++) {
            if ((pmc & 1 << (PciRegs.PCI_PM_CAP_PME_SHIFT + i)) != 0) {
                states.add(STATES.get(i));
            }
        }
        return List.copyOf(states);
    }

    /** What the device draws of auxiliary power to do so in D3cold, mA; 0 if it powers itself. */
    public int auxCurrent() {
        return PciAuxCurrent.milliamperes(pmc);
    }

    /** Whether PME needs the bus's clock: of conventional PCI. */
    public boolean pmeClock() {
        return (pmc & PciRegs.PCI_PM_CAP_PME_CLOCK) != 0;
    }

    /** Whether the device needs to be initialized in its own way before its driver takes it. */
    public boolean deviceSpecificInitialization() {
        return (pmc & PciRegs.PCI_PM_CAP_DSI) != 0;
    }

    /** Whether the device can be used at once when it is back in D0. */
    public boolean immediateReadiness() {
        return (pmc & IMMEDIATE_READINESS) != 0;
    }

    /** The state that the device is in: {@code D0}, {@code D1}, {@code D2} or {@code D3hot}. */
    public String state() {
        return STATES.get(pmcsr & PciRegs.PCI_PM_CTRL_STATE_MASK);
    }

    /** Whether the device keeps its registers from D3hot to D0. */
    public boolean noSoftReset() {
        return (pmcsr & PciRegs.PCI_PM_CTRL_NO_SOFT_RESET) != 0;
    }

    /** Whether the device may ask to be woken. */
    public boolean pmeEnabled() {
        return (pmcsr & PciRegs.PCI_PM_CTRL_PME_ENABLE) != 0;
    }

    /** Whether the device has asked to be woken. */
    public boolean pmeStatus() {
        return (pmcsr & PciRegs.PCI_PM_CTRL_PME_STATUS) != 0;
    }
}
