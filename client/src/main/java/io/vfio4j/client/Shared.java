/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Things of which this process can have only one each, and that several devices need: opened for
 * the first, closed after the last.
 *
 * @param <K> what tells them apart
 * @param <V> the things
 */
final class Shared<K, V extends Shared.Closing> {
    /** What is shared. */
    interface Closing extends AutoCloseable {
        @Override
        void close();
    }

    private final Map<K, Entry> open = new HashMap<>();

    /**
     * Takes the thing, opening it if nobody has it. Opening and closing are done under this
     * object's lock, so that a thing is never opened while it is being closed.
     *
     * @return what gives it back, once
     */
    synchronized Lease take(K key, Supplier<V> opener) {
        Entry entry = open.get(key);
        if (entry == null) {
            entry = new Entry(opener.get());
            open.put(key, entry);
        }
        entry.users++;
        return new Lease(key, entry);
    }

    /** Whether somebody has it. */
    synchronized boolean isOpen(K key) {
        return open.containsKey(key);
    }

    private final class Entry {
        private final V value;
        private int users;

        private Entry(V value) {
            this.value = value;
        }
    }

    /** One user's share. */
    final class Lease implements Closing {
        private final K key;
        private final Entry entry;
        private boolean over;

        private Lease(K key, Entry entry) {
            this.key = key;
            this.entry = entry;
        }

        V value() {
            return entry.value;
        }

        /** Gives the share back; the last one closes the thing. Again, it does nothing. */
        @Override
        public void close() {
            synchronized (Shared.this) {
                if (over) {
                    return;
                }
                over = true;
                if (--entry.users == 0) {
                    open.remove(key);
                    entry.value.close();
                }
            }
        }
    }
}
