/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The vectors of MSI or of MSI-X: where each leads to, and its mask and pending bits (PCI Express
 * base specification, 6.1.4). Guarded by {@link Messages}.
 *
 * <p>They are in use once the driver has set the capability's Enable bit or the client has given an
 * eventfd: most clients keep the capability to themselves and only ever use SET_IRQS. A vector
 * without an eventfd is then one that the driver keeps masked.
 */
final class MessageVectors {
    private final List<Optional<EventFd>> eventFds;
    private final BitSet masked;
    private final BitSet pending;
    private int configured;
    private int allocated;
    private boolean enabled;
    private boolean functionMasked;

    MessageVectors(int count) {
        eventFds = new ArrayList<>(Collections.nCopies(count, Optional.empty()));
        masked = new BitSet(count);
        pending = new BitSet(count);
        allocated = count;
    }

    int size() {
        return eventFds.size();
    }

    boolean configured() {
        return configured > 0;
    }

    boolean configured(int vector) {
        return eventFds.get(vector).isPresent();
    }

    private boolean inUse() {
        return enabled || configured > 0;
    }

    void configure(int vector, Optional<EventFd> eventFd) {
        Optional<EventFd> old = eventFds.set(vector, eventFd);
        configured += (eventFd.isPresent() ? 1 : 0) - (old.isPresent() ? 1 : 0);
        old.ifPresent(EventFd::close);
        forgetUnlessInUse();
    }

    /**
     * What Message Control says.
     *
     * @param enable these are the function's interrupts
     * @param mask all of them are masked
     * @param count how many the driver has allocated, at most {@link #size()}
     */
    void control(boolean enable, boolean mask, int count) {
        enabled = enable;
        functionMasked = mask;
        allocated = count;
        pending.clear(count, Math.max(count, size()));
        forgetUnlessInUse();
    }

    /** What was pending for one driver is not for the next. */
    private void forgetUnlessInUse() {
        if (!inUse()) {
            pending.clear();
        }
    }

    void mask(int vector, boolean value) {
        masked.set(vector, value);
    }

    boolean masked(int vector) {
        return masked.get(vector);
    }

    /** 32 pending bits, the first of them that of a given vector. */
    int pending(int first) {
        int bits = 0;
        for (int i = 0; i < Integer.SIZE; i++) {
            bits |= (pending.get(first + i) ? 1 : 0) << i;
        }
        return bits;
    }

    /**
     * Sends a message, or notes that it is to be sent.
     *
     * @param now the function may send
     * @return whether there is such a vector, in use
     */
    boolean send(int vector, boolean now) {
        if (vector < 0 || vector >= allocated || !inUse()) {
            return false;
        }
        if (now && deliverable(vector)) {
            signal(vector);
        } else {
            pending.set(vector);
        }
        return true;
    }

    /** Sends what is pending and not masked. */
    void flush() {
        if (functionMasked) {
            return;
        }
        for (int v = pending.nextSetBit(0); v >= 0; v = pending.nextSetBit(v + 1)) {
            if (deliverable(v)) {
                pending.clear(v);
                signal(v);
            }
        }
    }

    void withdraw(int vector) {
        if (vector >= 0) {
            pending.clear(vector);
        }
    }

    void withdrawAll() {
        pending.clear();
    }

    private boolean deliverable(int vector) {
        return !functionMasked && !masked.get(vector) && eventFds.get(vector).isPresent();
    }

    void signal(int vector) {
        // Not by ifPresent: each call deeper keeps the compiler from inlining the system call,
        // which then allocates.
        Optional<EventFd> eventFd = eventFds.get(vector);
        if (eventFd.isPresent()) {
            eventFd.get().signal();
        }
    }
}
