/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who is inside a thing that can be closed: how a descriptor's number or a block's address can be
 * handed to the kernel as a plain number and yet never be freed, and never be taken over by someone
 * else, under a call that still uses it. Closing never waits: the last user out frees.
 */
final class UseCount {
    private static final int CLOSED = Integer.MIN_VALUE;

    /** The number of users; plus CLOSED, the sign bit, once closed. */
    private final AtomicInteger state = new AtomicInteger();

    /**
     * Enters for one call.
     *
     * @return false if it is closed: the caller is not inside and must not {@link #leave}
     */
    boolean enter() {
        while (true) {
            int users = state.get();
            if (users < 0) {
                return false;
            }
            if (state.compareAndSet(users, users + 1)) {
                return true;
            }
        }
    }

    /**
     * Leaves after a successful {@link #enter}.
     *
     * @return true if it was closed meanwhile and the caller, the last user, must free it now
     */
    boolean leave() {
        return state.decrementAndGet() == CLOSED;
    }

    /**
     * Closes: from now on nobody enters.
     *
     * @return true if the caller must free it now; false if a user inside will, or if it was closed
     *     before
     */
    boolean close() {
        while (true) {
            int users = state.get();
            if (users < 0) {
                return false;
            }
            if (state.compareAndSet(users, users | CLOSED)) {
                return users == 0;
            }
        }
    }

    boolean isOpen() {
        return state.get() >= 0;
    }

    /** How many are inside at this moment. */
    int users() {
        return state.get() & ~CLOSED;
    }
}
