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

    private static final long STEP_NANOS = 2_000_000;

    private Settle() {}

    /**
     * Waits until something is so.
     *
     * @return whether it was within the bound
     */
    static boolean until(BooleanSupplier so, Duration bound) {
        long end = System.nanoTime() + bound.toNanos();
        while (!so.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(STEP_NANOS);
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
