/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

/**
 * Counts durations in buckets a 256th of their value wide, so that any number of them fits and a
 * percentile is right to 0.4 %. Adding allocates nothing. One thread.
 */
final class Histogram {
    private static final int BITS = 8;
    private static final int SUB = 1 << BITS;

    private final long[] counts = new long[(Long.SIZE - BITS) * SUB];
    private long total;

    /**
     * Counts one.
     *
     * @param nanos how long; less than 0 counts as 0
     */
    void add(long nanos) {
        counts[bucket(Math.max(0, nanos))]++;
        total++;
    }

    /** How many were counted. */
    long total() {
        return total;
    }

    /**
     * The duration that a share of all did not exceed.
     *
     * @param share 0 to 1, such as 0.5 for the median
     * @return nanoseconds, the middle of the bucket; 0 if nothing was counted
     */
    long percentile(double share) {
        long rank = Math.max(1, (long) Math.ceil(share * total));
        long seen = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            seen += counts[bucket];
            if (seen >= rank) {
                return middle(bucket);
            }
        }
        return 0;
    }

    /** Up to twice SUB the value itself, above that its leading bits. */
    private static int bucket(long nanos) {
        int shift = Math.max(0, Long.SIZE - 1 - BITS - Long.numberOfLeadingZeros(nanos));
        return (shift << BITS) + (int) (nanos >>> shift);
    }

    private static long middle(int bucket) {
        if (bucket < 2 * SUB) {
            return bucket;
        }
        int shift = (bucket >> BITS) - 1;
        long low = (long) ((bucket & (SUB - 1)) + SUB) << shift;
        return low + (1L << shift) / 2;
    }
}
