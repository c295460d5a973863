/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

/**
 * Who waits for the eventfds that a client signals (INTx unmask). A host has one for all its
 * devices, so that no device needs a thread for it.
 */
public interface EventFdWatcher {

    /**
     * Calls back each time the eventfd is signalled, until the watch is closed. The watcher drains
     * the eventfd before it calls.
     *
     * @param eventFd what to wait for; it stays the caller's
     * @param signalled called on the watcher's thread; must not block
     * @return the watch; once its close has returned, the callback is not called any more and the
     *     eventfd can be closed
     */
    Watch watch(EventFd eventFd, Runnable signalled);

    /** A watch under way. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
