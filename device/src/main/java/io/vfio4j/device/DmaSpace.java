/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;

/**
 * The address space that a client gives its device: DMA_MAP and DMA_UNMAP, and the transfers
 * through it. Mapping and unmapping never wake the device (spec B7: container calls are not
 * wrapped).
 *
 * <p>A transfer to mapped memory holds the read lock, and an unmap waits for the write lock: once
 * an unmap is answered the device has let go, as the protocol asks. Messages are sent without any
 * lock.
 */
public final class DmaSpace implements Dma {
    /**
     * How many windows a client may have at once. The protocol's default is 65535; a process cannot
     * have that many mappings (vm.max_map_count), and one client must not use up what others need.
     */
    public static final int MAX_WINDOWS = 4096;

    /** DMA_MAP flags: the device may read. */
    private static final int READABLE = 1;

    /** DMA_MAP flags: the device may write. */
    private static final int WRITEABLE = 2;

    private static final long PAGE_MASK = 4095;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final NavigableMap<Long, DmaWindow> windows = new TreeMap<>(Long::compareUnsigned);
    private final BooleanSupplier permitted;
    private volatile Optional<ClientMemory> messages = Optional.empty();

    /**
     * An empty space.
     *
     * @param permitted whether the device may do DMA just now: powered, in D0, bus mastering on
     */
    DmaSpace(BooleanSupplier permitted) {
        this.permitted = permitted;
    }

    /** Who reaches windows without a descriptor, from now on. */
    void connect(ClientMemory client) {
        messages = Optional.of(client);
    }

    /** The client is gone: every window is unmapped. */
    void disconnect() {
        messages = Optional.empty();
        unmapAll();
    }

    /**
     * DMA_MAP.
     *
     * @param iova the first address, a multiple of 4096
     * @param size bytes, a positive multiple of 4096
     * @param offset into the descriptor, a multiple of 4096
     * @param flags 1 readable, 2 writable
     * @param fds the descriptors that came with it: none or one; taken over, whatever the answer
     * @return 0 or minus an errno: EINVAL for bad arguments, EEXIST over an existing window, ENOSPC
     *     beyond {@link #MAX_WINDOWS}, or what mmap said of the descriptor
     */
    public int map(long iova, long size, long offset, int flags, List<Fd> fds) {
        try {
            boolean aligned = ((iova | size | offset) & PAGE_MASK) == 0;
            boolean wraps = size == 0 || Long.compareUnsigned(iova + size - 1, iova) < 0;
            if (!aligned
                    || wraps
                    || size < 0
                    || offset < 0
                    || offset + size < 0
                    || (flags & ~(READABLE | WRITEABLE)) != 0
                    || fds.size() > 1) {
                return -Errno.EINVAL.number();
            }
            return insert(iova, size, offset, flags, fds);
        } finally {
            // A mapping needs its descriptor no longer; keeping it would use up the process's.
            fds.forEach(Fd::close);
        }
    }

    private int insert(long iova, long size, long offset, int flags, List<Fd> fds) {
        lock.writeLock().lock();
        try {
            if (overlaps(iova, iova + size - 1)) {
                return -Errno.EEXIST.number();
            }
            if (windows.size() >= MAX_WINDOWS) {
                return -Errno.ENOSPC.number();
            }
            boolean writable = (flags & WRITEABLE) != 0;
            Optional<Mapping> mapping =
                    fds.stream().findFirst().map(fd -> Mapping.map(fd, offset, size, writable));
            windows.put(
                    iova, new DmaWindow(iova, size, (flags & READABLE) != 0, writable, mapping));
            return 0;
        } catch (LinuxException refused) {
            return -refused.errno().number();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private boolean overlaps(long first, long last) {
        Map.Entry<Long, DmaWindow> below = windows.floorEntry(last);
        return below != null && Long.compareUnsigned(below.getValue().last(), first) >= 0;
    }

    /**
     * DMA_UNMAP: every window that lies within the range. The protocol's text asks for the exact
     * range of a map; QEMU with a virtual IOMMU unmaps in powers of two that cover many windows or
     * none, and relies on what the kernel does. Returns when no transfer uses them.
     *
     * @param iova the first address
     * @param size bytes
     * @return 0, minus ENOENT if no window lies in the range, or minus EINVAL if the range wraps,
     *     is empty or would cut a window in two (nothing is unmapped then)
     */
    public int unmap(long iova, long size) {
        long last = iova + size - 1;
        if (size == 0 || Long.compareUnsigned(last, iova) < 0) {
            return -Errno.EINVAL.number();
        }
        lock.writeLock().lock();
        try {
            if (cuts(iova, last)) {
                return -Errno.EINVAL.number();
            }
            NavigableMap<Long, DmaWindow> within = windows.subMap(iova, true, last, true);
            if (within.isEmpty()) {
                return -Errno.ENOENT.number();
            }
            within.values().forEach(DmaWindow::release);
            within.clear();
            return 0;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private boolean cuts(long first, long last) {
        Map.Entry<Long, DmaWindow> before = windows.lowerEntry(first);
        Map.Entry<Long, DmaWindow> end = windows.floorEntry(last);
        return (before != null && Long.compareUnsigned(before.getValue().last(), first) >= 0)
                || (end != null && Long.compareUnsigned(end.getValue().last(), last) > 0);
    }

    /** DMA_UNMAP of all windows. Returns when no transfer uses them. */
    public void unmapAll() {
        lock.writeLock().lock();
        try {
            windows.values().forEach(DmaWindow::release);
            windows.clear();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /**
     * How many windows there are.
     *
     * @return the number
     */
    public int size() {
        lock.readLock().lock();
        try {
            return windows.size();
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void read(long iova, Memory target, long offset, long length) {
        transfer(iova, length, false, (piece, done) -> piece.read(target, offset + done));
    }

    @Override
    public void write(long iova, Memory source, long offset, long length) {
        transfer(iova, length, true, (piece, done) -> piece.write(source, offset + done));
    }

    @Override
    public void readByMessage(long iova, Memory target, long offset, long length) {
        permit(iova, "DMA read");
        ClientMemory client = client(iova, "DMA read");
        for (long done = 0; done < length; done += client.maxTransfer()) {
            int piece = (int) Math.min(client.maxTransfer(), length - done);
            client.read(iova + done, target, offset + done, piece);
        }
    }

    @Override
    public void writeByMessage(long iova, Memory source, long offset, long length) {
        permit(iova, "DMA write");
        ClientMemory client = client(iova, "DMA write");
        for (long done = 0; done < length; done += client.maxTransfer()) {
            int piece = (int) Math.min(client.maxTransfer(), length - done);
            client.write(iova + done, source, offset + done, piece);
        }
    }

    /** A transfer that lies within one window. */
    private final class Piece {
        private final long iova;
        private final long length;
        private final Optional<DmaWindow> mapped;

        Piece(long iova, long length, Optional<DmaWindow> mapped) {
            this.iova = iova;
            this.length = length;
            this.mapped = mapped;
        }

        void read(Memory target, long at) {
            if (mapped.isPresent()) {
                DmaWindow window = mapped.get();
                window.mapping().orElseThrow().copyTo(iova - window.iova(), target, at, length);
            } else {
                readByMessage(iova, target, at, length);
            }
        }

        void write(Memory source, long at) {
            if (mapped.isPresent()) {
                DmaWindow window = mapped.get();
                window.mapping().orElseThrow().copyFrom(iova - window.iova(), source, at, length);
            } else {
                writeByMessage(iova, source, at, length);
            }
        }
    }

    private interface Move {
        void move(Piece piece, long done);
    }

    private void transfer(long iova, long length, boolean write, Move move) {
        String what = write ? "DMA write" : "DMA read";
        permit(iova, what);
        for (long done = 0; done < length; ) {
            done += step(iova + done, length - done, done, write, what, move);
        }
    }

    private long step(long iova, long left, long done, boolean write, String what, Move move) {
        long piece;
        lock.readLock().lock();
        try {
            Map.Entry<Long, DmaWindow> entry = windows.floorEntry(iova);
            DmaWindow window = entry == null ? null : entry.getValue();
            if (window == null
                    || Long.compareUnsigned(iova, window.last()) > 0
                    || !(write ? window.writable() : window.readable())) {
                throw new DmaException(Errno.EFAULT, at(what, iova));
            }
            long rest = window.last() - iova;
            piece = Long.compareUnsigned(rest, left) < 0 ? rest + 1 : left;
            if (window.mapping().isPresent()) {
                move.move(new Piece(iova, piece, Optional.of(window)), done);
                return piece;
            }
        } catch (MappingFaultException gone) {
            // The client cut the file behind its window: its loss, not ours.
            throw new DmaException(Errno.EFAULT, at(what, iova));
        } finally {
            lock.readLock().unlock();
        }
        move.move(new Piece(iova, piece, Optional.empty()), done);
        return piece;
    }

    private void permit(long iova, String what) {
        if (!permitted.getAsBoolean()) {
            throw new DmaException(
                    Errno.EIO, at(what, iova) + " while the device may not master the bus");
        }
    }

    private ClientMemory client(long iova, String what) {
        return messages.orElseThrow(() -> new DmaException(Errno.ECONNRESET, at(what, iova)));
    }

    private static String at(String what, long iova) {
        return what + " at 0x" + Long.toHexString(iova);
    }

    /** The windows, for a person. */
    List<DmaWindow> windows() {
        lock.readLock().lock();
        try {
            return new ArrayList<>(windows.values());
        } finally {
            lock.readLock().unlock();
        }
    }
}
