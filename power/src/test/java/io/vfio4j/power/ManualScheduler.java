/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;

/** A workqueue that runs when the test says so. */
final class ManualScheduler implements Scheduler {
    private final Queue<Runnable> queue = new ArrayDeque<>();

    @Override
    public synchronized void submit(Runnable work) {
        queue.add(work);
    }

    synchronized Optional<Runnable> take() {
        return Optional.ofNullable(queue.poll());
    }

    synchronized boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Runs the oldest item; false if there is none. */
    boolean runOne() {
        Optional<Runnable> work = take();
        work.ifPresent(Runnable::run);
        return work.isPresent();
    }

    /** Runs until nothing is queued. */
    void drain() {
        int ran = 0;
        while (runOne()) {
            if (++ran > 10_000) {
                throw new AssertionError("the workqueue never runs dry");
            }
        }
    }
}
