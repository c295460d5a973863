/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;

/**
 * What answers REGION_READ and REGION_WRITE of one region. Answers are numbers, not exceptions: the
 * bytes done, or minus an errno, so that the hot path allocates nothing.
 */
interface Region {

    /** The answer of a region that is not there, and of an offset outside of one (spec B5). */
    int EINVAL = -Errno.EINVAL.number();

    /** The answer of a configuration access past the end (spec B5). */
    int EFAULT = -Errno.EFAULT.number();

    /** The answer of memory that is not enabled (spec B5). */
    int EIO = -Errno.EIO.number();

    /**
     * Its size.
     *
     * @return bytes; 0 if it is not there
     */
    long size();

    /** What GET_REGION_INFO tells of it: nothing to map, unless a region says otherwise. */
    default RegionDescription description() {
        return RegionDescription.ofSize(size());
    }

    /**
     * Reads.
     *
     * @param offset bytes into the region, unsigned
     * @param count bytes, at least 1
     * @param target where the data goes
     * @param at where in the target
     * @return bytes read, or minus an errno
     */
    int read(long offset, int count, Memory target, long at);

    /**
     * Writes.
     *
     * @param offset bytes into the region, unsigned
     * @param count bytes, at least 1
     * @param source where the data is
     * @param at where in the source
     * @return bytes written, or minus an errno
     */
    int write(long offset, int count, Memory source, long at);

    /**
     * Cuts an access to what the region holds: one that starts inside and crosses the end is short,
     * one that starts outside is EINVAL (spec B5).
     *
     * @param size of the region
     * @param offset unsigned
     * @param count at least 1
     * @return bytes to do, or {@link #EINVAL}
     */
    static int clip(long size, long offset, int count) {
        if (offset < 0 || offset >= size) {
            return EINVAL;
        }
        return (int) Math.min(count, size - offset);
    }
}
