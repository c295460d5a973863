/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.ConnectionLostException;
import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.DmaWindow;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What the devices of one IOMMU group see as their memory, and which of them has a share in which
 * window.
 *
 * <p>Threads: any. The lock is held while the kernel maps and unmaps, which it does one after the
 * other for a group in any case; a device behind a socket has an address space to itself.
 */
final class AddressSpace {
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final NavigableMap<Long, Mapped> windows = new TreeMap<>(Long::compareUnsigned);

    private final Runnable ended;

    /**
     * An empty one.
     *
     * @param name for messages
     * @param ended called at the end of each share; must not block
     */
    AddressSpace(String name, Runnable ended) {
        this.name = name;
        this.ended = ended;
    }

    /** A window, and the devices that it was mapped for: at least one. */
    private static final class Mapped {
        private final DmaMemory.Identity memory;
        private final DmaDirection direction;
        private final List<Share> shares = new ArrayList<>();
        private DmaWindow window;

        /** Which of them has it: the one with whose close it goes. */
        private VfioDevice holder;

        /** Whether it is going with its last device, which is just being closed. */
        private boolean leaving;

        private Mapped(
                DmaMemory.Identity memory,
                DmaDirection direction,
                DmaWindow window,
                VfioDevice holder) {
            this.memory = memory;
            this.direction = direction;
            this.window = window;
            this.holder = holder;
        }

        private long iova() {
            return window.iova();
        }

        private long last() {
            return window.iova() + window.size() - 1;
        }

        private boolean is(long iova, DmaMemory.Identity asked, DmaDirection way) {
            return iova() == iova && memory.equals(asked) && direction == way;
        }
    }

    /**
     * Maps memory for a device, or sees that it is mapped already.
     *
     * @param patience how long to wait for what is in the way to go
     * @throws VfioException as {@link SharedWindows#map}
     */
    Share map(
            VfioDevice device,
            long iova,
            DmaMemory memory,
            DmaDirection direction,
            Duration patience) {
        DmaMemory.Identity identity = memory.identity();
        lock.lock();
        try {
            Optional<Mapped> same = findOrAwaitRoom(iova, identity, direction, patience);
            Mapped mapped;
            if (same.isPresent()) {
                mapped = same.get();
            } else {
                DmaWindow window = device.mapDma(iova, memory, direction);
                mapped = new Mapped(identity, direction, window, device);
                windows.put(iova, mapped);
            }
            Share share = new Share(device, mapped);
            mapped.shares.add(share);
            return share;
        } finally {
            lock.unlock();
        }
    }

    private Optional<Mapped> findOrAwaitRoom(
            long iova, DmaMemory.Identity memory, DmaDirection direction, Duration patience) {
        long left = patience.toNanos();
        Optional<Mapped> there = overlapping(iova, memory.size());
        try {
            while (there.filter(it -> it.leaving || !it.is(iova, memory, direction)).isPresent()) {
                if (left <= 0) {
                    throw inTheWay(iova, memory.size(), there.get());
                }
                left = changed.awaitNanos(left);
                there = overlapping(iova, memory.size());
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw inTheWay(iova, memory.size(), there.orElseThrow());
        }
        return there;
    }

    private Optional<Mapped> overlapping(long iova, long size) {
        return Optional.ofNullable(windows.floorEntry(iova + size - 1))
                .map(Map.Entry::getValue)
                .filter(it -> Long.compareUnsigned(it.last(), iova) >= 0);
    }

    private VfioException inTheWay(long iova, long size, Mapped there) {
        return new VfioException(
                Errno.EEXIST,
                ("mapping %d bytes for DMA at 0x%x: %s, of the same %s, has other memory at 0x%x:"
                                + " all devices of a group must go to the same guest")
                        .formatted(size, iova, there.holder, name, there.iova()));
    }

    /** One device's share in a window. */
    final class Share {
        private final VfioDevice device;
        private final Mapped mapped;
        private boolean over;

        private Share(VfioDevice device, Mapped mapped) {
            this.device = device;
            this.mapped = mapped;
        }

        /**
         * The device sees the window no more, unless others of its group still do. Again, it does
         * nothing.
         *
         * @throws VfioException if the device refuses; it still has it then
         */
        void unmap() {
            lock.lock();
            try {
                if (!over) {
                    if (mapped.shares.size() == 1) {
                        unmapLast();
                        forget();
                    } else {
                        handOver();
                    }
                }
            } finally {
                lock.unlock();
            }
        }

        private void unmapLast() {
            try {
                mapped.window.unmap();
            } catch (ConnectionLostException | IllegalStateException gone) {
                // So is its window, with the device.
            }
        }

        /** The device is about to be closed: a window that others need stays, as theirs. */
        void leave() {
            lock.lock();
            try {
                if (!over && mapped.shares.size() > 1) {
                    handOver();
                } else if (!over) {
                    mapped.leaving = true;
                }
            } finally {
                lock.unlock();
            }
        }

        /** The device is closed, and with it what it had alone is unmapped. */
        void gone() {
            lock.lock();
            try {
                if (!over) {
                    forget();
                }
            } finally {
                lock.unlock();
            }
        }

        private void handOver() {
            end();
            if (mapped.holder.equals(device)) {
                boolean _ = mapped.shares.stream().anyMatch(Share::adopt);
            }
        }

        /** False for a device that is closed as well: the window then goes with the other. */
        private boolean adopt() {
            try {
                mapped.window = device.adoptDma(mapped.window);
                mapped.holder = device;
                return true;
            } catch (IllegalStateException closed) {
                return false;
            }
        }

        private void end() {
            over = true;
            mapped.shares.remove(this);
            ended.run();
        }

        private void forget() {
            end();
            if (mapped.shares.isEmpty()) {
                windows.remove(mapped.iova());
                changed.signalAll();
            }
        }
    }
}
