/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The eventfds of one interrupt index that is not INTx: MSI, MSI-X, ERR or REQ. */
final class VectorSet {
    private final List<Optional<EventFd>> vectors;

    VectorSet(int count) {
        vectors = new ArrayList<>(Collections.nCopies(count, Optional.empty()));
    }

    int size() {
        return vectors.size();
    }

    /** Puts an eventfd in a place, or empties it, and closes what was there. */
    synchronized void configure(int vector, Optional<EventFd> eventFd) {
        Optional<EventFd> old = vectors.set(vector, eventFd);
        old.ifPresent(EventFd::close);
    }

    synchronized void clear() {
        for (int vector = 0; vector < vectors.size(); vector++) {
            configure(vector, Optional.empty());
        }
    }

    /** Whether any vector is set. */
    synchronized boolean configured() {
        return vectors.stream().anyMatch(Optional::isPresent);
    }

    /**
     * Signals a vector.
     *
     * @return whether it has an eventfd
     */
    synchronized boolean signal(int vector) {
        if (vector < 0 || vector >= vectors.size()) {
            return false;
        }
        Optional<EventFd> eventFd = vectors.get(vector);
        eventFd.ifPresent(EventFd::signal);
        return eventFd.isPresent();
    }
}
