/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.Locale;
import java.util.Set;

/**
 * What a bridge's rules depend on and never changes.
 *
 * @param entry by what the device is let sleep
 * @param reentry what follows a wake that the client did not cause
 * @param hysteresis the shortest time awake between a wake and the next entry while the guest's
 *     state stays D3hot; if 0, the device is let sleep again at once as long as that is worth it
 * @param grace how long the client may take to unmap its BARs before it is looked into, and how
 *     long it is left alone once it has said that it unmapped them, or gone on to its next request
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
    /**
     * The pause after a wake grows to at most this many times {@link #hysteresis}, or milliseconds
     * if that is shorter than one.
     */
    public static final int LONGEST_PAUSE = 64;

    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Duration SHORTEST_GROWN = Duration.ofMillis(1);

    /**
     * Copies the set.
     *
     * @throws IllegalArgumentException if a time is negative or longer than a day, or no time at
     *     all is left for a wake
     */
    public BridgeConfig {
        check("hysteresis", hysteresis, Duration.ZERO);
        check("grace", grace, Duration.ZERO);
        check("wake timeout", wakeTimeout, Duration.ofMillis(1));
        pmeFrom = Set.copyOf(pmeFrom);
    }

    private static void check(String name, Duration time, Duration least) {
        if (time.compareTo(least) < 0 || time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "the %s is %s: it must be %s to 24 h"
                            .formatted(
                                    name,
                                    time.toString().substring(2).toLowerCase(Locale.ROOT),
                                    least.isZero() ? "0" : least.toMillis() + " ms"));
        }
    }

    /** What a pause of nothing grows to, so that who wakes a device in a row gets to use it. */
    Duration shortestGrownPause() {
        return hysteresis.compareTo(SHORTEST_GROWN) > 0 ? hysteresis : SHORTEST_GROWN;
    }

    /** Whether a device that is kept for the next client may sleep until it comes. */
    boolean sleepsWhileKept() {
        return keep && promise.noSoftReset();
    }
}
