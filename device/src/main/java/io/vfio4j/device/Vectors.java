/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

import java.util.Optional;

/** The vectors of one interrupt index that is not INTx, as SET_IRQS sees them. */
interface Vectors {
    int size();

    /** Puts an eventfd in a place, or empties it, and closes what was there. */
    void configure(int vector, Optional<EventFd> eventFd);

    /** Empties every place. */
    void clear();

    /** Whether any vector has an eventfd. */
    boolean configured();

    /** The loopback test: signals a vector's eventfd, if it has one, whatever masks it. */
    void loopback(int vector);
}
