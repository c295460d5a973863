/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.Scheduler;

import java.util.ArrayDeque;
import java.util.Queue;

/** A workqueue that runs when the test says so: nothing falls asleep by itself. */
final class ManualScheduler implements Scheduler {
    private final Queue<Runnable> queue = new ArrayDeque<>();

    @Override
    public synchronized void submit(Runnable work) {
        queue.add(work);
    }

    private synchronized Runnable take() {
        return queue.isEmpty() ? () -> {} : queue.remove();
    }

    private synchronized boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Runs until nothing is queued. */
    void drain() {
        for (int ran = 0; !isEmpty(); ran++) {
            if (ran > 1000) {
                throw new AssertionError("the workqueue never runs dry");
            }
            take().run();
        }
    }
}
