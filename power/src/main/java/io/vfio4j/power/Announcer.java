/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Tells listeners about changes in the order they were made, one at a time and without the lock:
 * the first thread to find changes delivers, also those that others add meanwhile. A listener is
 * told what changed while it was one: nothing from before it was added, nothing after it was
 * removed but a call already under way.
 */
final class Announcer {
    private record Change(PowerState before, PowerState after, List<PowerListener> audience) {}

    private final ReentrantLock lock;
    private final Queue<Change> changes = new ArrayDeque<>();
    private boolean delivering;

    /** Immutable; replaced under the lock. */
    private volatile List<PowerListener> listeners = List.of();

    Announcer(ReentrantLock lock) {
        this.lock = lock;
    }

    void add(PowerListener listener) {
        lock.lock();
        try {
            List<PowerListener> more = new ArrayList<>(listeners);
            more.add(listener);
            listeners = List.copyOf(more);
        } finally {
            lock.unlock();
        }
    }

    void remove(PowerListener listener) {
        lock.lock();
        try {
            List<PowerListener> fewer = new ArrayList<>(listeners);
            fewer.remove(listener);
            listeners = List.copyOf(fewer);
            if (listeners.isEmpty()) {
                changes.clear();
            }
        } finally {
            lock.unlock();
        }
    }

    /** With the lock held. */
    void note(PowerState before, PowerState after) {
        if (!listeners.isEmpty() && !before.equals(after)) {
            changes.add(new Change(before, after, listeners));
        }
    }

    /** Without the lock. */
    void deliver(PowerActions actions) {
        if (listeners.isEmpty()) {
            return;
        }
        for (Optional<Change> change = take(true); change.isPresent(); change = take(false)) {
            for (PowerListener listener : change.get().audience()) {
                if (listeners.contains(listener)) {
                    tell(listener, change.get(), actions);
                }
            }
        }
    }

    private static void tell(PowerListener listener, Change change, PowerActions actions) {
        try {
            listener.changed(change.before(), change.after());
        } catch (RuntimeException | Error e) {
            actions.warn("a power listener failed: " + e);
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
