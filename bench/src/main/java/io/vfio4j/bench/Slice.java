/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.util.Arrays;

/**
 * A few milliseconds of one load: its clock and what it records. The first tenth is lead-in, while
 * the processor's caches fill with the server's data again, and is not recorded. One object serves
 * all slices; recording allocates nothing. One thread.
 */
final class Slice {
    private static final int CAPACITY = 1 << 15;

    private final long[] latencies = new long[CAPACITY];
    private int count;
    private long operations;
    private long nanos;
    private long recordFrom;
    private long end;

    /**
     * Begins.
     *
     * @param length nanoseconds
     */
    void begin(long length) {
        long now = System.nanoTime();
        count = 0;
        operations = 0;
        nanos = 0;
        recordFrom = now + length / 10;
        end = now + length;
    }

    /** Whether the slice is not over. */
    boolean timeLeft(long now) {
        return now - end < 0;
    }

    /** Whether there is time left, or nothing has been recorded yet. */
    boolean goesOn(long now) {
        return timeLeft(now) || operations == 0;
    }

    /** One request, and nothing beside it, from then to then. */
    void request(long from, long to) {
        if (from - recordFrom >= 0) {
            latency(from, to);
            window(1, to - from);
        }
    }

    /** One request's latency, among others under way. */
    void latency(long from, long to) {
        if (count < CAPACITY && from - recordFrom >= 0) {
            latencies[count++] = to - from;
        }
    }

    /** So many requests took so long. */
    void window(long requests, long elapsed) {
        operations += requests;
        nanos += elapsed;
    }

    long operations() {
        return operations;
    }

    long nanos() {
        return nanos;
    }

    double nanosPerOperation() {
        return (double) nanos / operations;
    }

    /** The median latency in nanoseconds; that of all requests' time if none was recorded. */
    double median() {
        if (count == 0) {
            return nanosPerOperation();
        }
        Arrays.sort(latencies, 0, count);
        return latencies[count / 2];
    }

    void addTo(Histogram histogram) {
        for (int i = 0; i < count; i++) {
            histogram.add(latencies[i]);
        }
    }
}
