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
 * @param asleepIn where the model was told to sleep, until it is told to wake
 * @param pmeArmed the function may signal PME
 * @param intxMasked pm_intx_masked: INTx is to be unmasked at the next resume
 */
public record PciPower(
        PciPowerState powerState,
        PciPowerState userState,
        boolean memoryEnabled,
        boolean d3coldAllowed,
        Optional<PciPowerState> asleepIn,
        boolean pmeArmed,
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
                    false);

    /** "memory enabled": power state shallower than D3hot and COMMAND.MEM set (spec B4). */
    public boolean memoryAccessible() {
        return memoryEnabled && powerState.decodesMemory();
    }

    /** Whether the model sleeps. */
    public boolean asleep() {
        return asleepIn.isPresent();
    }

    PciPower powerState(PciPowerState value) {
        return new PciPower(
                value, userState, memoryEnabled, d3coldAllowed, asleepIn, pmeArmed, intxMasked);
    }

    PciPower userState(PciPowerState value) {
        return new PciPower(
                powerState, value, memoryEnabled, d3coldAllowed, asleepIn, pmeArmed, intxMasked);
    }

    PciPower memoryEnabled(boolean value) {
        return new PciPower(
                powerState, userState, value, d3coldAllowed, asleepIn, pmeArmed, intxMasked);
    }

    PciPower d3coldAllowed(boolean value) {
        return new PciPower(
                powerState, userState, memoryEnabled, value, asleepIn, pmeArmed, intxMasked);
    }

    PciPower asleepIn(Optional<PciPowerState> value) {
        return new PciPower(
                powerState, userState, memoryEnabled, d3coldAllowed, value, pmeArmed, intxMasked);
    }

    PciPower pmeArmed(boolean value) {
        return new PciPower(
                powerState, userState, memoryEnabled, d3coldAllowed, asleepIn, value, intxMasked);
    }

    PciPower intxMasked(boolean value) {
        return new PciPower(
                powerState, userState, memoryEnabled, d3coldAllowed, asleepIn, pmeArmed, value);
    }
}
