/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.OpenOptions;
import io.vfio4j.power.Reentry;
import io.vfio4j.power.SleepEntry;

import java.time.Duration;

/**
 * How a device is passed on.
 *
 * @param open how it is opened
 * @param deep whether the host may take it to D3cold at the price of No_Soft_Reset (see {@link
 *     io.vfio4j.power.BridgePromise})
 * @param entry by what it is let sleep
 * @param reentry what follows a wake that the client did not cause
 * @param hysteresis the shortest time awake between such a wake and the next sleep
 * @param grace how long a client may take to unmap its BARs, and how long it is left alone after
 * @param wakeTimeout how long a client waits for its request while the device wakes, at most; less
 *     than its own patience: QEMU gives a device up after 5 s
 * @param mappable whether the client may map BARs; else they are served by messages
 * @param keep whether the device stays open, with its state, when a client goes
 */
public record BridgeOptions(
        OpenOptions open,
        boolean deep,
        SleepEntry entry,
        Reentry reentry,
        Duration hysteresis,
        Duration grace,
        Duration wakeTimeout,
        boolean mappable,
        boolean keep) {
    /** What is safe for every device and pleasant for QEMU. */
    public static final BridgeOptions DEFAULTS =
            new BridgeOptions(
                    OpenOptions.DEFAULTS,
                    false,
                    SleepEntry.WAKEUP,
                    Reentry.GUEST,
                    Duration.ofSeconds(1),
                    Duration.ofMillis(200),
                    Duration.ofSeconds(4),
                    true,
                    false);

    /** Refuses what is out of range. */
    public BridgeOptions {
        requireNotNegative("the hysteresis", hysteresis);
        requireNotNegative("the grace", grace);
        if (wakeTimeout.isNegative() || wakeTimeout.isZero()) {
            throw new IllegalArgumentException(
                    "a wake's timeout is more than zero: " + wakeTimeout);
        }
    }

    private static void requireNotNegative(String what, Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException(what + " is zero or more: " + duration);
        }
    }
}
