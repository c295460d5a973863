/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/**
 * Where in a device's descriptor its regions are.
 *
 * <p>The kernel tells it of each region that there is. Where the others would be (the VGA region of
 * a device without one, a region beyond the last) follows from the distance between regions, if
 * that is always the same, as it has been so far: so that it is the kernel that judges an access
 * there, and without waking the device (spec B5).
 */
final class RegionPlaces {
    static final long NOWHERE = -1;

    private final long[] starts;

    /** Bytes from one region's start to the next one's; 0 if that is not always the same. */
    private final long stride;

    /**
     * Remembers.
     *
     * @param starts by index, bytes from the start of the descriptor; {@link #NOWHERE} if the
     *     kernel does not tell
     */
    RegionPlaces(long[] starts) {
        this.starts = starts.clone();
        stride = stride(starts);
    }

    private static long stride(long[] starts) {
        long found = 0;
        for (int i = 0; i < starts.length; i++) {
            if (starts[i] == NOWHERE) {
                continue;
            }
            if (found == 0 && i > 0) {
                found = starts[i] / i;
            }
            if (starts[i] != i * found) {
                return 0;
            }
        }
        return found;
    }

    /**
     * Where bytes of a region are, whether the region has them or not.
     *
     * @return bytes from the start of the descriptor; {@link #NOWHERE} if they would be in another
     *     region, or in none
     */
    long find(int region, long offset, long length) {
        long start = start(region);
        if (start == NOWHERE || offset < 0) {
            return NOWHERE;
        }
        long span = stride > 0 ? stride : Long.MAX_VALUE - start;
        if (stride == 0) {
            for (long other : starts) {
                span = other > start ? Math.min(span, other - start) : span;
            }
        }
        return length <= span && offset <= span - length ? start + offset : NOWHERE;
    }

    private long start(int region) {
        if (region < 0) {
            return NOWHERE;
        }
        if (region < starts.length && starts[region] != NOWHERE) {
            return starts[region];
        }
        // One less than fits, so that its end fits too.
        return stride > 0 && region < Long.MAX_VALUE / stride ? region * stride : NOWHERE;
    }
}
