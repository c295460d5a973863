/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final DmaTable<DmaWindow> windows = new DmaTable<>();
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
     *     beyond {@link #MAX_WINDOWS}, ENOMEM beyond {@link DmaTable#MAX_MAPPED}, or what mmap said
     *     of the descriptor
     */
    @Override
    public int map(long iova, long size, long offset, int flags, List<Fd> fds) {
        try {
            int refusal = DmaTable.check(iova, size, offset, flags, fds.size());
            return refusal != 0 ? refusal : insert(iova, size, offset, flags, fds);
        } finally {
            // A mapping needs its descriptor no longer; keeping it would use up the process's.
            fds.forEach(Fd::close);
        }
    }

    private int insert(long iova, long size, long offset, int flags, List<Fd> fds) {
        lock.writeLock().lock();
        try {
            int refusal = windows.admit(iova, size, !fds.isEmpty());
            if (refusal != 0) {
                return refusal;
            }
            boolean writable = (flags & DmaTable.WRITABLE) != 0;
            Optional<Mapping> mapping =
                    fds.stream().findFirst().map(fd -> Mapping.map(fd, offset, size, writable));
            boolean readable = (flags & DmaTable.READABLE) != 0;
            windows.add(new DmaWindow(iova, size, readable, writable, mapping));
            return 0;
        } catch (LinuxException refused) {
            return -refused.errno().number();
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public int unmap(long iova, long size) {
        lock.writeLock().lock();
        try {
            int refusal = windows.checkUnmap(iova, size);
            if (refusal == 0) {
                windows.within(iova, size).forEach(this::release);
            }
            return refusal;
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public void unmapAll() {
        lock.writeLock().lock();
        try {
            List.copyOf(windows.windows()).forEach(this::release);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** With the write lock held. */
    private void release(DmaWindow gone) {
        windows.remove(gone);
        gone.release();
    }

    /**
     * How many windows there are.
     *
     * @return the number
     */
    public int size() {
        lock.readLock().lock();
        try {
            return windows.windows().size();
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
        return windows.find(iova)
                .filter(direction::allowed)
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
