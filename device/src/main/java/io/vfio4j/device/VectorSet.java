/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The eventfds of an index that neither the driver nor the function's power state can mask: ERR,
 * REQ, PME. Any thread.
 */
final class VectorSet implements Vectors {
    private final List<Optional<EventFd>> vectors;

    VectorSet(int count) {
        vectors = new ArrayList<>(Collections.nCopies(count, Optional.empty()));
    }

    @Override
    public int size() {
        return vectors.size();
    }

    @Override
    public synchronized void configure(int vector, Optional<EventFd> eventFd) {
        Optional<EventFd> old = vectors.set(vector, eventFd);
        old.ifPresent(EventFd::close);
    }

    @Override
    public synchronized void clear() {
        for (int vector = 0; vector < vectors.size(); vector++) {
            configure(vector, Optional.empty());
        }
    }

    @Override
    public synchronized boolean configured() {
        return vectors.stream().anyMatch(Optional::isPresent);
    }

    @Override
    public void loopback(int vector) {
        signal(vector);
    }

    /** Signals a vector, if there is such a one and it has an eventfd. */
    synchronized void signal(int vector) {
        if (vector < vectors.size()) {
            vectors.get(vector).ifPresent(EventFd::signal);
        }
    }
}
