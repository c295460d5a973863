/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.power.PowerClock;
import io.vfio4j.power.Scheduler;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;

/** Nothing falls asleep, and no time passes, but when the test says so. */
final class ManualWork implements Scheduler, PowerClock {
    private final Queue<Runnable> queue = new ArrayDeque<>();
    private long now = 1;

    @Override
    public synchronized void submit(Runnable work) {
        queue.add(work);
    }

    private synchronized Optional<Runnable> next() {
        return Optional.ofNullable(queue.poll());
    }

    /** Runs until nothing is queued. */
    void drain() {
        for (Optional<Runnable> work = next(); work.isPresent(); work = next()) {
            work.get().run();
        }
    }

    @Override
    public synchronized long nanoTime() {
        return now;
    }

    @Override
    public synchronized void sleep(Duration duration) {
        now += duration.toNanos();
    }
}
