/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Which pages a device wrote: what {@link DmaLogging#report} found. Immutable. */
public final class DirtyPages {
    private final long iova;
    private final long length;
    private final long pageSize;
    private final BitSet pages;

    /**
     * A report.
     *
     * @param pages bit n is the page at {@code iova + n * pageSize}; given away
     */
    DirtyPages(long iova, long length, long pageSize, BitSet pages) {
        this.iova = iova;
        this.length = length;
        this.pageSize = pageSize;
        this.pages = pages;
    }

    /** The first address that was asked about. */
    public long iova() {
        return iova;
    }

    /** How many bytes were asked about. */
    public long length() {
        return length;
    }

    /** How many bytes one page of the report has. */
    public long pageSize() {
        return pageSize;
    }

    /** How many pages were written. */
    public int count() {
        return pages.cardinality();
    }

    /**
     * Whether the page with that address was written.
     *
     * @throws IndexOutOfBoundsException if it was not asked about
     */
    public boolean isDirty(long address) {
        long inside = address - iova;
        if (Long.compareUnsigned(inside, length) >= 0) {
            throw new IndexOutOfBoundsException(
                    "0x%x is not among the %d bytes at 0x%x".formatted(address, length, iova));
        }
        return pages.get((int) Long.divideUnsigned(inside, pageSize));
    }

    /** What was written, as ranges of whole pages in the order of their addresses. */
    public List<DmaRange> ranges() {
        List<DmaRange> ranges = new ArrayList<>();
        int start = pages.nextSetBit(0);
        while (start >= 0) {
            int end = pages.nextClearBit(start);
            ranges.add(new DmaRange(iova + start * pageSize, (end - start) * pageSize));
            start = pages.nextSetBit(end);
        }
        return ranges;
    }

    @Override
    public String toString() {
        return "%d dirty pages of %d bytes among %d bytes at 0x%x"
                .formatted(count(), pageSize, length, iova);
    }
}
