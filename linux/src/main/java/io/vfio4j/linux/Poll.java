/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.time.Duration;

/** Waiting for one descriptor by {@code poll}, with the structure in the thread's scratch words. */
final class Poll {
    static final int IN = 0x1;
    static final int OUT = 0x4;
    static final int HUP = 0x10;
    static final int RDHUP = 0x2000;

    private static final long NANOS_PER_MILLI = 1_000_000;

    /** About thirty years: longer waits are as good as this one, and it does not overflow. */
    private static final long LONGEST_SECONDS = 1_000_000_000;

    private Poll() {}

    /**
     * Asks what a descriptor is ready for now, and waits for nothing.
     *
     * @return the events asked for that are there, plus error (0x8), hangup (0x10), invalid (0x20)
     */
    static int now(int fd, int events) {
        return once(fd, events, 0);
    }

    /** Waits until one of the events, or an error or hangup, is there. */
    static void forever(int fd, int events) {
        while (once(fd, events, -1) == 0) {
            // A signal came in between; there is no other way out of an endless poll.
        }
    }

    /**
     * Waits until one of the events, or an error or hangup, is there.
     *
     * @return false if the time ran out first
     */
    static boolean await(int fd, int events, Duration timeout) {
        long deadline = System.nanoTime() + nanos(timeout);
        while (true) {
            long left = Math.max(0, deadline - System.nanoTime());
            if (once(fd, events, millis(left)) != 0) {
                return true;
            }
            if (left == 0) {
                return false;
            }
        }
    }

    static long nanos(Duration timeout) {
        if (timeout.isNegative()) {
            return 0;
        }
        return timeout.toSeconds() >= LONGEST_SECONDS
                ? LONGEST_SECONDS * 1_000_000_000
                : timeout.toNanos();
    }

    /** Rounded up, so that a wait never ends early and never spins through its last millisecond. */
    static int millis(long nanos) {
        return (int) Math.min(Integer.MAX_VALUE, Math.ceilDiv(nanos, NANOS_PER_MILLI));
    }

    private static int once(int fd, int events, int timeoutMillis) {
        Scratch scratch = Scratch.ofThread();
        scratch.putInt(0, fd);
        scratch.putInt(4, events);
        int ready = Libc.poll(scratch.address(), 1, timeoutMillis);
        if (ready == -Libc.EINTR) {
            return 0;
        }
        Libc.check(ready, "poll", "");
        return ready == 0 ? 0 : scratch.getShort(6) & 0xffff;
    }
}
