/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps a {@link Memory} or {@link Mapping} where it is for longer than one call, such as while a
 * device may reach it: closing the memory meanwhile leaves its freeing to the last hold.
 *
 * <p>Lifetime: from {@link Memory#hold} or {@link Mapping#hold} to {@link #close}; one that is
 * never closed keeps the memory for good. Threads: any.
 */
public final class Hold implements AutoCloseable {
    private final long address;
    private final Runnable leave;
    private final AtomicBoolean over = new AtomicBoolean();

    /** Made by one who has entered; to leave is this one's part. */
    Hold(long address, Runnable leave) {
        this.address = address;
        this.leave = leave;
    }

    /**
     * Returns where the memory is.
     *
     * @return the address of byte 0, good until {@link #close}
     */
    public long address() {
        return address;
    }

    /** Lets go, and frees the memory if it was closed and nobody else is inside. Again, nothing. */
    @Override
    public void close() {
        if (over.compareAndSet(false, true)) {
            leave.run();
        }
    }
}
