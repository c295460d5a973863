/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The windows that a client has mapped, and what DMA_MAP and DMA_UNMAP refuse whoever serves them.
 *
 * <p>Threads: one at a time; its owner has the lock.
 *
 * @param <W> what there is of a window
 */
public final class DmaTable<W extends DmaTable.Window> {
    /**
     * How many bytes a client may have mapped by descriptors at once, 4 TiB: a file can claim any
     * size, and the process's address space (128 TiB) is everybody's.
     */
    public static final long MAX_MAPPED = 1L << 42;

    /** DMA_MAP flags: the device may read. */
    public static final int READABLE = 1;

    /** DMA_MAP flags: the device may write. */
    public static final int WRITABLE = 2;

    private static final long PAGE_MASK = 4095;

    /** A range of I/O virtual addresses, which never wraps around. */
    public interface Window {
        /** The first address. */
        long iova();

        /** Bytes, at least one. */
        long size();

        /** Whether its memory is mapped, by a descriptor of the client's. */
        boolean isMapped();

        /** The last address. */
        default long last() {
            return iova() + size() - 1;
        }
    }

    private final NavigableMap<Long, W> windows = new TreeMap<>(Long::compareUnsigned);
    private long mapped;

    /** An empty table. */
    public DmaTable() {}

    /**
     * Judges a DMA_MAP by itself.
     *
     * @param iova the first address, a multiple of 4096
     * @param size bytes, a positive multiple of 4096
     * @param offset into the descriptor, a multiple of 4096
     * @param flags {@link #READABLE}, {@link #WRITABLE}
     * @param descriptors how many came with it: none or one
     * @return 0 or minus EINVAL
     */
    public static int check(long iova, long size, long offset, int flags, int descriptors) {
        boolean aligned = ((iova | size | offset) & PAGE_MASK) == 0;
        boolean wraps = size == 0 || Long.compareUnsigned(iova + size - 1, iova) < 0;
        boolean bad =
                !aligned
                        || wraps
                        || size < 0
                        || offset < 0
                        || offset + size < 0
                        || (flags & ~(READABLE | WRITABLE)) != 0
                        || descriptors > 1;
        return bad ? -Errno.EINVAL.number() : 0;
    }

    /**
     * Judges a DMA_MAP that {@link #check} has let pass by what there is already.
     *
     * @param iova the first address
     * @param size bytes
     * @param byDescriptor whether its memory is to be mapped
     * @return 0 or minus an errno: EEXIST over an existing window, ENOSPC beyond {@link
     *     ServedDma#MAX_WINDOWS}, ENOMEM beyond {@link #MAX_MAPPED}
     */
    public int admit(long iova, long size, boolean byDescriptor) {
        if (overlaps(iova, iova + size - 1)) {
            return -Errno.EEXIST.number();
        }
        if (windows.size() >= ServedDma.MAX_WINDOWS) {
            return -Errno.ENOSPC.number();
        }
        return byDescriptor && size > MAX_MAPPED - mapped ? -Errno.ENOMEM.number() : 0;
    }

    private boolean overlaps(long first, long last) {
        Map.Entry<Long, W> below = windows.floorEntry(last);
        return below != null && Long.compareUnsigned(below.getValue().last(), first) >= 0;
    }

    /** Takes a window up that was admitted. */
    public void add(W window) {
        windows.put(window.iova(), window);
        mapped += window.isMapped() ? window.size() : 0;
    }

    /** Forgets a window that is there. */
    public void remove(W window) {
        windows.remove(window.iova());
        mapped -= window.isMapped() ? window.size() : 0;
    }

    /**
     * Judges a DMA_UNMAP.
     *
     * @param iova the first address
     * @param size bytes
     * @return 0, minus ENOENT if no window lies in the range, or minus EINVAL if the range wraps,
     *     is empty or would cut a window in two
     */
    public int checkUnmap(long iova, long size) {
        long last = iova + size - 1;
        if (size == 0 || Long.compareUnsigned(last, iova) < 0 || cuts(iova, last)) {
            return -Errno.EINVAL.number();
        }
        return windows.subMap(iova, true, last, true).isEmpty() ? -Errno.ENOENT.number() : 0;
    }

    private boolean cuts(long first, long last) {
        Map.Entry<Long, W> before = windows.lowerEntry(first);
        Map.Entry<Long, W> end = windows.floorEntry(last);
        return (before != null && Long.compareUnsigned(before.getValue().last(), first) >= 0)
                || (end != null && Long.compareUnsigned(end.getValue().last(), last) > 0);
    }

    /** The windows that begin in a range that {@link #checkUnmap} has let pass; a copy. */
    public List<W> within(long iova, long size) {
        return List.copyOf(windows.subMap(iova, true, iova + size - 1, true).values());
    }

    /** The window that an address is in. */
    public Optional<W> find(long iova) {
        Map.Entry<Long, W> below = windows.floorEntry(iova);
        return below == null || Long.compareUnsigned(iova, below.getValue().last()) > 0
                ? Optional.empty()
                : Optional.of(below.getValue());
    }

    /** All windows by their addresses: a view. */
    public Collection<W> windows() {
        return Collections.unmodifiableCollection(windows.values());
    }
}
