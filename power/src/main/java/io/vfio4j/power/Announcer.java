/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells listeners about changes in the order they were made, one at a time and without the lock:
 * the first thread to find changes delivers, also those that others add meanwhile.
 */
final class Announcer {
    private record Change(PowerState before, PowerState after) {}

    private final List<PowerListener> listeners = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock;
    private final Queue<Change> changes = new ArrayDeque<>();
    private boolean delivering;

    Announcer(ReentrantLock lock) {
        this.lock = lock;
    }

    void add(PowerListener listener) {
        listeners.add(listener);
    }

    void remove(PowerListener listener) {
        listeners.remove(listener);
    }

    /** With the lock held. */
    void note(PowerState before, PowerState after) {
        if (!listeners.isEmpty() && !before.equals(after)) {
            changes.add(new Change(before, after));
        }
    }

    /** Without the lock. */
    void deliver(PowerActions actions) {
        if (listeners.isEmpty()) {
            return;
        }
        for (Optional<Change> change = take(true); change.isPresent(); change = take(false)) {
            for (PowerListener listener : listeners) {
                try {
                    listener.changed(change.get().before(), change.get().after());
                } catch (RuntimeException | Error e) {
                    actions.warn("a power listener failed: " + e);
                }
            }
        }
    }

    private Optional<Change> take(boolean first) {
        lock.lock();
        try {
            if (first && delivering) {
                return Optional.empty();
            }
            Optional<Change> change = Optional.ofNullable(changes.poll());
            delivering = change.isPresent();
            return change;
        } finally {
            lock.unlock();
        }
    }
}
