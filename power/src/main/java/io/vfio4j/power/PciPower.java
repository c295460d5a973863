/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * The PCI function's part of the state (spec B4, B6, E).
 *
 * @param powerState what sysfs power_state shows; D3cold with an ACTIVE device means that it did
 *     not come back from a power-up and is inaccessible
 * @param userState what the user wrote to PMCSR; does not survive a suspend
 * @param memoryEnabled COMMAND.MEM as the user sees it
 * @param d3coldAllowed the sysfs attribute
 * @param asleepIn where the model was told to sleep, until it is told to wake: by a suspend, or by
 *     the user's PMCSR write, in which case it is {@code userState}
 * @param pmeArmed the suspend has armed PME: a wake event resumes the device
 * @param pme PMCSR's PME bits, the user's own
 * @param intxMasked pm_intx_masked: INTx is to be unmasked at the next resume
 */
public record PciPower(
        PciPowerState powerState,
        PciPowerState userState,
        boolean memoryEnabled,
        boolean d3coldAllowed,
        Optional<PciPowerState> asleepIn,
        boolean pmeArmed,
        Pme pme,
        boolean intxMasked) {

    /** A function that the bus has just powered up: D0, memory off, d3cold allowed. */
    static final PciPower POWERED =
            new PciPower(
                    PciPowerState.D0,
                    PciPowerState.D0,
                    false,
                    true,
                    Optional.empty(),
                    false,
                    Pme.OFF,
                    false);

    /** "memory enabled": power state shallower than D3hot and COMMAND.MEM set (spec B4). */
    public boolean memoryAccessible() {
        return memoryEnabled && powerState.decodesMemory();
    }

    /** Whether the model sleeps. */
    public boolean asleep() {
        return asleepIn.isPresent();
    }

    /** Whether a suspend put the model to sleep, and not the user. */
    boolean suspended() {
        return asleep() && userState == PciPowerState.D0;
    }

    /** The user's D-state: the function is there and its model knows. */
    PciPower inUserState(PciPowerState state) {
        return powerState(state)
                .userState(state)
                .asleepIn(state == PciPowerState.D0 ? Optional.empty() : Optional.of(state));
    }

    PciPower powerState(PciPowerState value) {
        return new PciPower(
                value,
                userState,
                memoryEnabled,
                d3coldAllowed,
                asleepIn,
                pmeArmed,
                pme,
                intxMasked);
    }

    PciPower userState(PciPowerState value) {
        return new PciPower(
                powerState,
                value,
                memoryEnabled,
                d3coldAllowed,
                asleepIn,
                pmeArmed,
                pme,
                intxMasked);
    }

    PciPower memoryEnabled(boolean value) {
        return new PciPower(
                powerState, userState, value, d3coldAllowed, asleepIn, pmeArmed, pme, intxMasked);
    }

    PciPower d3coldAllowed(boolean value) {
        return new PciPower(
                powerState, userState, memoryEnabled, value, asleepIn, pmeArmed, pme, intxMasked);
    }

    PciPower asleepIn(Optional<PciPowerState> value) {
        return new PciPower(
                powerState,
                userState,
                memoryEnabled,
                d3coldAllowed,
                value,
                pmeArmed,
                pme,
                intxMasked);
    }

    PciPower pmeArmed(boolean value) {
        return new PciPower(
                powerState,
                userState,
                memoryEnabled,
                d3coldAllowed,
                asleepIn,
                value,
                pme,
                intxMasked);
    }

    PciPower pme(Pme value) {
        return new PciPower(
                powerState,
                userState,
                memoryEnabled,
                d3coldAllowed,
                asleepIn,
                pmeArmed,
                value,
                intxMasked);
    }

    PciPower intxMasked(boolean value) {
        return new PciPower(
                powerState,
                userState,
                memoryEnabled,
                d3coldAllowed,
                asleepIn,
                pmeArmed,
                pme,
                value);
    }
}
