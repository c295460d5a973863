/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Serves the server's DMA commands while no call is under way: a thread of its own, from the first
 * window without descriptor on.
 *
 * <p>It must cost the calls nothing. A call's answer would wake a thread that polls the same
 * stream, on each call; so as long as there are calls, which serve DMA commands themselves, this
 * one looks only once a millisecond whether there still are, and polls when there are none. The
 * first call after a pause wakes it once, in vain.
 */
final class DmaListener {
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final VfioUserConnection connection;
    private final Thread thread;

    private DmaListener(VfioUserConnection connection) {
        this.connection = connection;
        thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("vfio4j-dma " + connection.device())
                        .unstarted(this::run);
    }

    static DmaListener start(VfioUserConnection connection) {
        DmaListener listener = new DmaListener(connection);
        listener.thread.start();
        return listener;
    }

    /** Waits for the end, which the closing of the connection brings. */
    void join() {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        boolean quiet = false;
        while (true) {
            int seen = connection.activity();
            if (!quiet) {
                LockSupport.parkNanos(PAUSE_NANOS);
                if (seen != connection.activity() || connection.isCalling()) {
                    if (connection.isOver()) {
                        return;
                    }
                    continue;
                }
            }
            if (!connection.awaitIncoming()) {
                return;
            }
            // Having served one, the next may be on its way: no pause.
            quiet = connection.serveIfIdle() && seen == connection.activity();
        }
    }
}
