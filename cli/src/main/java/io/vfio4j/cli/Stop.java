/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Tells a command that runs until it is stopped that somebody wants it to end. Thread-safe. */
public final class Stop {
    private final CountDownLatch requested = new CountDownLatch(1);

    /** Not requested yet. */
    public Stop() {}

    /** Asks the command to end; asking again does nothing. */
    public void request() {
        requested.countDown();
    }

    /** Whether somebody asked. */
    boolean requested() {
        return requested.getCount() == 0;
    }

    /** Waits until somebody asks. */
    void await() {
        while (!await(Duration.ofHours(1))) {
            // Nobody did.
        }
    }

    /**
     * Waits until somebody asks.
     *
     * @param timeout how long at most
     * @return false if the time ran out
     */
    boolean await(Duration timeout) {
        try {
            return requested.await(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
