/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.Arrays;
import java.util.Objects;

/**
 * Where received descriptors arrive: a reusable holder of up to {@value #CAPACITY}, all of which it
 * owns until they are taken.
 *
 * <p>Lifetime: {@link #closeAll} after every message closes what nobody took, so that a descriptor
 * that nobody expected does not leak. Threads: one at a time. Nothing is allocated except by {@link
 * #take}.
 */
public final class FdBag implements AutoCloseable {
    /** What Linux passes with one message at most (SCM_MAX_FD). */
    public static final int CAPACITY = 253;

    private static final int TAKEN = -1;

    private final int[] numbers = new int[CAPACITY];
    private int count;
    private boolean truncated;

    /** Makes an empty bag. */
    public FdBag() {
        Arrays.fill(numbers, TAKEN);
    }

    /**
     * Returns how many descriptors have arrived since the last {@link #closeAll}, taken ones
     * included.
     *
     * @return 0 to {@value #CAPACITY}
     */
    public int count() {
        return count;
    }

    /**
     * Tells whether some descriptors that were sent did not arrive, because this process has no
     * room for more or the bag is full. The lost ones are closed already.
     *
     * @return true if any was lost since the last {@link #closeAll}
     */
    public boolean truncated() {
        return truncated;
    }

    /**
     * Takes a descriptor out: it becomes the caller's to close.
     *
     * @param index which, in the order sent, from 0
     * @return its new owner
     * @throws IndexOutOfBoundsException if no so many have arrived
     * @throws IllegalStateException if it was taken before
     */
    public Fd take(int index) {
        Objects.checkIndex(index, count);
        int number = numbers[index];
        if (number == TAKEN) {
            throw new IllegalStateException("descriptor " + index + " was taken before");
        }
        Fd fd = Fd.own(number);
        numbers[index] = TAKEN;
        return fd;
    }

    /** Closes all that nobody took and empties the bag, ready for the next message. */
    public void closeAll() {
        for (int i = 0; i < count; i++) {
            if (numbers[i] != TAKEN) {
                int _ = Libc.close(numbers[i]);
                numbers[i] = TAKEN;
            }
        }
        count = 0;
        truncated = false;
    }

    /** Does what {@link #closeAll} does. The bag can still be used. */
    @Override
    public void close() {
        closeAll();
    }

    @Override
    public String toString() {
        return "bag of " + count + " descriptors" + (truncated ? ", truncated" : "");
    }

    /** Takes ownership of a descriptor that has just been received. */
    void add(int number) {
        if (count == CAPACITY) {
            int _ = Libc.close(number);
            truncated = true;
            return;
        }
        numbers[count++] = number;
    }

    void markTruncated() {
        truncated = true;
    }
}
