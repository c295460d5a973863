/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.time.Duration;
import java.util.Optional;

/** Events being told, from {@link HostSide#watch} to {@link #close} or the other side's end. */
public interface HostWatch extends AutoCloseable {
    /**
     * Waits until no event can come any more: this was closed, the other side went away, or the
     * listener threw.
     *
     * @param timeout how long at most
     * @return false if the time ran out
     * @throws InterruptedException if the thread is interrupted
     */
    boolean awaitEnd(Duration timeout) throws InterruptedException;

    /**
     * Tells why the watch ended by itself.
     *
     * @return what went wrong, or what the listener threw; empty while it goes on, and if it was
     *     closed
     */
    Optional<RuntimeException> failure();

    /**
     * Ends the watch. When this returns the listener is told nothing more, unless it is itself the
     * caller. Closing again does nothing.
     */
    @Override
    void close();
}
