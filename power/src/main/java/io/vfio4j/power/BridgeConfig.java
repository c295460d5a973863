/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.Set;

/**
 * What a bridge's rules depend on and never changes.
 *
 * @param entry by what the device is let sleep
 * @param reentry what follows a wake that the client did not cause
 * @param hysteresis the shortest time awake between a wake and the next entry while the guest's
 *     state stays D3hot
 * @param grace how long the client may take to unmap its BARs before it is looked into, and how
 *     long it is left alone once it has said that it unmapped them
 * @param wakeTimeout the longest wake that is taken for healthy: what the client waits for an
 *     answer
 * @param keep whether the device stays open, with its state, when a client goes
 * @param promise how deep the device may sleep
 * @param pmeFrom the states from which the guest is told that the function signals PME
 */
public record BridgeConfig(
        SleepEntry entry,
        Reentry reentry,
        Duration hysteresis,
        Duration grace,
        Duration wakeTimeout,
        boolean keep,
        BridgePromise promise,
        Set<PciPowerState> pmeFrom) {
    /** The pause after a wake grows to at most this many times {@link #hysteresis}. */
    public static final int LONGEST_PAUSE = 64;

    /** Copies the set. */
    public BridgeConfig {
        pmeFrom = Set.copyOf(pmeFrom);
    }

    Duration longestPause() {
        return hysteresis.multipliedBy(LONGEST_PAUSE);
    }

    /** Whether a device that is kept for the next client may sleep until it comes. */
    boolean sleepsWhileKept() {
        return keep && promise.noSoftReset();
    }
}
