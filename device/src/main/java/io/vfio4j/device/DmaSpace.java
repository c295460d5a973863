/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
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
public final class DmaSpace implements Dma, ServedDma {
    /**
     * How many bytes a client may have mapped by descriptors at once, 4 TiB: a file can claim any
     * size, and the process's address space (128 TiB) is everybody's.
     */
    public static final long MAX_MAPPED = 1L << 42;

    /** DMA_MAP flags: the device may read. */
    private static final int READABLE = 1;

    /** DMA_MAP flags: the device may write. */
    private static final int WRITEABLE = 2;

    private static final long PAGE_MASK = 4095;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final NavigableMap<Long, DmaWindow> windows = new TreeMap<>(Long::compareUnsigned);
    private final BooleanSupplier permitted;
    private volatile Optional<ClientMemory> messages = Optional.empty();
    private long mapped;

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
     *     beyond {@link #MAX_WINDOWS}, ENOMEM beyond {@link #MAX_MAPPED}, or what mmap said of the
     *     descriptor
     */
    @Override
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
            if (!fds.isEmpty() && size > MAX_MAPPED - mapped) {
                return -Errno.ENOMEM.number();
            }
            boolean writable = (flags & WRITEABLE) != 0;
            Optional<Mapping> mapping =
                    fds.stream().findFirst().map(fd -> Mapping.map(fd, offset, size, writable));
            windows.put(
                    iova, new DmaWindow(iova, size, (flags & READABLE) != 0, writable, mapping));
            mapped += mapping.isPresent() ? size : 0;
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

    @Override
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
            release(within.values());
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

    @Override
    public void unmapAll() {
        lock.writeLock().lock();
        try {
            release(windows.values());
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** With the write lock held. */
    private void release(Collection<DmaWindow> gone) {
        for (DmaWindow window : gone) {
            mapped -= window.mapping().isPresent() ? window.size() : 0;
            window.release();
        }
        gone.clear();
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
        transfer(Direction.READ, iova, target, offset, length);
    }

    @Override
    public void write(long iova, Memory source, long offset, long length) {
        transfer(Direction.WRITE, iova, source, offset, length);
    }

    @Override
    public void readByMessage(long iova, Memory target, long offset, long length) {
        byMessage(Direction.READ, iova, target, offset, length);
    }

    @Override
    public void writeByMessage(long iova, Memory source, long offset, long length) {
        byMessage(Direction.WRITE, iova, source, offset, length);
    }

    /** Which way the bytes go, as the device sees it. */
    private enum Direction {
        READ {
            @Override
            boolean allowed(DmaWindow window) {
                return window.readable();
            }

            @Override
            void copy(Mapping mapping, long at, Memory memory, long offset, long length) {
                mapping.copyTo(at, memory, offset, length);
            }

            @Override
            void message(ClientMemory client, long iova, Memory memory, long offset, int length) {
                client.read(iova, memory, offset, length);
            }
        },
        WRITE {
            @Override
            boolean allowed(DmaWindow window) {
                return window.writable();
            }

            @Override
            void copy(Mapping mapping, long at, Memory memory, long offset, long length) {
                mapping.copyFrom(at, memory, offset, length);
            }

            @Override
            void message(ClientMemory client, long iova, Memory memory, long offset, int length) {
                client.write(iova, memory, offset, length);
            }
        };

        abstract boolean allowed(DmaWindow window);

        abstract void copy(Mapping mapping, long at, Memory memory, long offset, long length);

        abstract void message(
                ClientMemory client, long iova, Memory memory, long offset, int length);

        String at(long iova) {
            return "DMA %s at 0x%x".formatted(this == READ ? "read" : "write", iova);
        }
    }

    /** Window by window, all of them of the client that was there at the start. */
    private void transfer(Direction direction, long iova, Memory memory, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, memory.size());
        ClientMemory client = client(direction, iova);
        for (long done = 0; done < length; ) {
            done += step(direction, client, iova + done, memory, offset + done, length - done);
        }
    }

    /** What lies within one window; the number of bytes done. */
    private long step(
            Direction direction,
            ClientMemory client,
            long iova,
            Memory memory,
            long offset,
            long left) {
        long piece;
        lock.readLock().lock();
        try {
            requireStillThere(direction, client, iova);
            permit(direction, iova);
            DmaWindow window = window(direction, iova);
            piece = Math.min(left, window.size() - (iova - window.iova()));
            if (window.mapping().isPresent()) {
                direction.copy(window.mapping().get(), iova - window.iova(), memory, offset, piece);
                return piece;
            }
        } catch (MappingFaultException gone) {
            // The client cut the file behind its window: its loss, not ours.
            throw new DmaException(Errno.EFAULT, direction.at(iova));
        } finally {
            lock.readLock().unlock();
        }
        messages(direction, client, iova, memory, offset, piece);
        return piece;
    }

    private DmaWindow window(Direction direction, long iova) {
        return Optional.ofNullable(windows.floorEntry(iova))
                .map(Map.Entry::getValue)
                .filter(it -> Long.compareUnsigned(iova, it.last()) <= 0 && direction.allowed(it))
                .orElseThrow(() -> new DmaException(Errno.EFAULT, direction.at(iova)));
    }

    private void byMessage(
            Direction direction, long iova, Memory memory, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, memory.size());
        messages(direction, client(direction, iova), iova, memory, offset, length);
    }

    private void messages(
            Direction direction,
            ClientMemory client,
            long iova,
            Memory memory,
            long offset,
            long length) {
        for (long done = 0; done < length; done += client.maxTransfer()) {
            permit(direction, iova + done);
            int piece = (int) Math.min(client.maxTransfer(), length - done);
            direction.message(client, iova + done, memory, offset + done, piece);
        }
    }

    private void permit(Direction direction, long iova) {
        if (!permitted.getAsBoolean()) {
            throw new DmaException(
                    Errno.EIO, direction.at(iova) + " while the device may not master the bus");
        }
    }

    private ClientMemory client(Direction direction, long iova) {
        return messages.orElseThrow(() -> new DmaException(Errno.ECONNRESET, direction.at(iova)));
    }

    /** A transfer that one client's addresses began must not go on in another's memory. */
    private void requireStillThere(Direction direction, ClientMemory client, long iova) {
        if (messages.filter(client::equals).isEmpty()) {
            throw new DmaException(Errno.ECONNRESET, direction.at(iova));
        }
    }
}
