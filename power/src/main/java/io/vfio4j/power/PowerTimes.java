/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;

/** Accounts active and suspended time (spec B9). Not thread-safe: the machine's lock guards it. */
final class PowerTimes {
    private final PowerClock clock;
    private long since;
    private long active;
    private long suspended;

    PowerTimes(PowerClock clock) {
        this.clock = clock;
        this.since = clock.nanoTime();
    }

    /** Books the time since the last call under the status it was spent in. */
    void book(RuntimePm spentIn) {
        long now = clock.nanoTime();
        long spent = now - since;
        since = now;
        if (spentIn.disableDepth() > 0) {
            return;
        }
        if (spentIn.status() == RuntimeStatus.SUSPENDED) {
            suspended += spent;
        } else {
            active += spent;
        }
    }

    Duration active() {
        return Duration.ofNanos(active);
    }

    Duration suspended() {
        return Duration.ofNanos(suspended);
    }
}
