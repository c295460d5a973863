/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Set;

/**
 * What a function's PCI PM capability says (spec E).
 *
 * @param present whether there is one; without it D0 is the only state
 * @param d1 D1 is supported
 * @param d2 D2 is supported
 * @param noSoftReset No_Soft_Reset: the context survives D3hot to D0
 * @param pmeFrom the states from which the function can signal PME
 */
public record PmCapability(
        boolean present, boolean d1, boolean d2, boolean noSoftReset, Set<PciPowerState> pmeFrom) {

    static final int NO_SOFT_RESET = 1 << 3;
    static final int PME_EN = 1 << 8;
    static final int PME_STATUS = 1 << 15;

    /** No capability, as QEMU's edu: "suspended" keeps D0 (spec B3). */
    public static final PmCapability NONE = new PmCapability(false, false, false, false, Set.of());

    /** D0 and D3hot, No_Soft_Reset, no PME: the common case. */
    public static final PmCapability D3HOT_ONLY =
            new PmCapability(true, false, false, true, Set.of());

    /** Copies the set. */
    public PmCapability {
        pmeFrom = Set.copyOf(pmeFrom);
    }

    /** Whether PME_En and PME_Status are kept by auxiliary power, and so by a reset (spec E). */
    boolean pmeSurvivesReset() {
        return pmeFrom.contains(PciPowerState.D3COLD);
    }

    /** Whether a PMCSR write can reach the state at all. */
    public boolean supports(PciPowerState state) {
        return switch (state) {
            case D0 -> true;
            case D1 -> present && d1;
            case D2 -> present && d2;
            case D3HOT -> present;
            case D3COLD -> false;
        };
    }
}
