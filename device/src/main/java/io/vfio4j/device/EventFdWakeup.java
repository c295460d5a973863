/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Wakeup;

/**
 * A client's wakeup eventfd. The client may have closed its own descriptor long ago; signalling
 * then reaches nobody and does no harm (spec A2).
 *
 * @param eventFd owned by the wakeup
 */
record EventFdWakeup(EventFd eventFd) implements Wakeup {

    @Override
    public void signal() {
        try (eventFd) {
            eventFd.signal();
        }
    }

    @Override
    public void drop() {
        eventFd.close();
    }
}
