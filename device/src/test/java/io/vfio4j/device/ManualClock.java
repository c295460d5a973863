/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PowerClock;

import java.time.Duration;

/** Time that passes only when somebody sleeps or the test says so. */
final class ManualClock implements PowerClock {
    private long now = 1;

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized void sleep(Duration duration) {
        now += duration.toNanos();
    }

    void pass(Duration duration) {
        sleep(duration);
    }
}
