/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RuntimeStatus;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what can be seen, with a bound: nothing here sleeps and hopes. */
final class Settle {
    /** How long a device that has fallen asleep may take from D3hot to D3cold. */
    static final Duration D3COLD_PROBE = Duration.ofSeconds(2);

    /** Between the first looks; then longer and longer: a look takes its time as well. */
    private static final long FIRST_STEP_NANOS = 1_000_000;

    private static final long LAST_STEP_NANOS = 5_000_000;

    private Settle() {}

    /**
     * Waits until something is so.
     *
     * @return whether it was within the bound
     */
    static boolean until(BooleanSupplier so, Duration bound) {
        long end = System.nanoTime() + bound.toNanos();
        long step = FIRST_STEP_NANOS;
        while (!so.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(step);
            step = Math.min(step * 3 / 2, LAST_STEP_NANOS);
        }
        return true;
    }

    /** Waits until the device is asleep, in that D-state. */
    static boolean asleepIn(HostSide host, String powerState, Duration bound) {
        return until(() -> asleep(host), bound)
                && until(() -> host.powerState().equals(powerState), bound);
    }

    static boolean asleep(HostSide host) {
        return host.runtimeStatus() == RuntimeStatus.SUSPENDED;
    }
}
