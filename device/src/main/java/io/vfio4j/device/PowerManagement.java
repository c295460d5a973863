/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciAuxCurrent;

import java.util.EnumSet;
import java.util.Set;

/**
 * How a device can sleep, as its author declares it: the PM capability and the platform's power
 * resource. A value; each {@code with…} method returns a new one.
 *
 * @param d1 the device has D1
 * @param d2 the device has D2
 * @param noSoftReset {@code No_Soft_Reset}: the context survives D3hot
 * @param d3cold the platform can take the device's power away (what an ACPI {@code _PR3} is to a
 *     real one)
 * @param pmeFrom the states from which the device can signal PME; D3cold takes auxiliary power
 * @param auxCurrent what it draws of auxiliary power, in mA: 0 (self powered), 55, 100, 160, 220,
 *     270, 320 or 375; reads 0 unless PME can be signalled from D3cold, as PCI PM wants it
 * @param immediateReadiness {@code Immediate_Readiness_on_Return_to_D0}: no delay to D0
 * @param delays how long each transition takes
 */
public record PowerManagement(
        boolean d1,
        boolean d2,
        boolean noSoftReset,
        boolean d3cold,
        Set<PciPowerState> pmeFrom,
        int auxCurrent,
        boolean immediateReadiness,
        Delays delays) {
    /**
     * Checks that the parts fit together.
     *
     * @throws IllegalArgumentException saying what does not
     */
    public PowerManagement {
        pmeFrom = Set.copyOf(pmeFrom);
        if ((pmeFrom.contains(PciPowerState.D1) && !d1)
                || (pmeFrom.contains(PciPowerState.D2) && !d2)) {
            throw new IllegalArgumentException(
                    "PME from %s, but the device lacks one of D1 and D2".formatted(pmeFrom));
        }
        if (immediateReadiness && delays.d3hot().isPositive()) {
            throw new IllegalArgumentException(
                    "immediate readiness on return to D0, but %s ms from D3hot: take other delays"
                            .formatted(delays.d3hot().toMillis()));
        }
        auxCurrentBits(auxCurrent);
    }

    /**
     * D0 and D3hot, context kept, transitions as long as the PCI specification lets them be.
     *
     * @return the declaration
     */
    public static PowerManagement downToD3hot() {
        return new PowerManagement(false, false, true, false, Set.of(), 0, false, Delays.SPEC);
    }

    /**
     * As {@link #downToD3hot()}, and a platform that can switch the device off.
     *
     * @return the declaration
     */
    public static PowerManagement downToD3cold() {
        return new PowerManagement(false, false, true, true, Set.of(), 0, false, Delays.SPEC);
    }

    /**
     * The same with D1 and D2.
     *
     * @return the declaration
     */
    public PowerManagement withD1AndD2() {
        return new PowerManagement(
                true, true, noSoftReset, d3cold, pmeFrom, auxCurrent, immediateReadiness, delays);
    }

    /**
     * The same, but D3hot to D0 resets the function: {@code No_Soft_Reset} is 0. The registers are
     * {@link PciDevice#reset}; if it was the driver that wrote PMCSR, configuration space loses
     * COMMAND, BARs, interrupts and the rest of its context as well, but for sticky bits and PME.
     *
     * @return the declaration
     */
    public PowerManagement withSoftReset() {
        return new PowerManagement(
                d1, d2, false, d3cold, pmeFrom, auxCurrent, immediateReadiness, delays);
    }

    /**
     * The same, able to signal PME; see {@link PciDevice#wakeEvent}.
     *
     * @param first a state
     * @param more further states
     * @return the declaration
     * @throws IllegalArgumentException for D1 or D2 on a device that lacks them
     */
    public PowerManagement withPme(PciPowerState first, PciPowerState... more) {
        return new PowerManagement(
                d1,
                d2,
                noSoftReset,
                d3cold,
                EnumSet.of(first, more),
                auxCurrent,
                immediateReadiness,
                delays);
    }

    /**
     * The same with another draw of auxiliary power.
     *
     * @param milliamperes see {@link #auxCurrent}
     * @return the declaration
     * @throws IllegalArgumentException if the capability has no code for it
     */
    public PowerManagement withAuxCurrent(int milliamperes) {
        return new PowerManagement(
                d1, d2, noSoftReset, d3cold, pmeFrom, milliamperes, immediateReadiness, delays);
    }

    /**
     * The same without any delay, which software may rely on.
     *
     * @return the declaration
     */
    public PowerManagement withImmediateReadiness() {
        return new PowerManagement(
                d1, d2, noSoftReset, d3cold, pmeFrom, auxCurrent, true, Delays.ZERO);
    }

    /**
     * The same with other delays.
     *
     * @param other the delays
     * @return the declaration
     */
    public PowerManagement withDelays(Delays other) {
        return new PowerManagement(
                d1, d2, noSoftReset, d3cold, pmeFrom, auxCurrent, immediateReadiness, other);
    }

    /** Whether something of it lives on in D3cold: what PME is signalled with. */
    boolean hasAuxiliaryPower() {
        return pmeFrom.contains(PciPowerState.D3COLD);
    }

    /** PMC's code for a current. */
    static int auxCurrentBits(int milliamperes) {
        return PciAuxCurrent.code(milliamperes)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "%d mA of auxiliary current: 0, 55, 100, 160, 220, 270, 320 and 375 are possible"
                                        .formatted(milliamperes)));
    }
}
