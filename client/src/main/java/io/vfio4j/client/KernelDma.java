/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Hold;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The memory that a device reaches. One call at a time: the kernel does not do two either, and
 * closing must know what is mapped, since the address space may outlive the device.
 */
final class KernelDma {
    private static final long PAGE = 4096;
    private static final Object ADOPTING = new Object();

    private final KernelHandle handle;
    private final DmaSpace space;
    private final Set<Window> windows = new HashSet<>();
    private boolean closed;

    KernelDma(KernelHandle handle, DmaSpace space) {
        this.handle = handle;
        this.space = space;
    }

    DmaWindow map(long iova, DmaMemory memory, DmaDirection direction) {
        DmaRequests.requireWindow(iova, memory.size());
        memory.require(direction, what(iova, memory.size()));
        return map(iova, memory.hold(), memory.size(), direction);
    }

    DmaWindow map(long iova, Memory memory, DmaDirection direction) {
        DmaRequests.requireWindow(iova, memory.size());
        return map(iova, memory.hold(), memory.size(), direction);
    }

    private DmaWindow map(long iova, Hold memory, long size, DmaDirection direction) {
        boolean mapped = false;
        try {
            Window window = mapHeld(iova, memory, size, direction);
            mapped = true;
            return window;
        } finally {
            if (!mapped) {
                memory.close();
            }
        }
    }

    private synchronized Window mapHeld(long iova, Hold memory, long size, DmaDirection direction) {
        requireOpen();
        String what = what(iova, size);
        if (((iova | size) & (PAGE - 1)) != 0) {
            throw Answers.failed(
                    Errno.EINVAL,
                    what,
                    ": address and size must be multiples of %d".formatted(PAGE));
        }
        if ((memory.address() & (PAGE - 1)) != 0) {
            throw Answers.failed(
                    Errno.EINVAL,
                    what,
                    ": the memory does not begin at a multiple of %d".formatted(PAGE));
        }
        Window window = new Window(iova, size, memory);
        try {
            space.map(memory.address(), iova, size, direction);
        } catch (LinuxException refused) {
            throw Answers.failed(refused.errno(), what, advice(refused.errno()));
        }
        windows.add(window);
        return window;
    }

    /** Takes a window over from another device of the address space, whose lock is another one. */
    DmaWindow adopt(DmaWindow given) {
        if (!(given instanceof Window window)
                || !window.space().dmaDomain().equals(space.dmaDomain())) {
            throw new IllegalArgumentException(
                    given + " is of another address space than " + handle.device());
        }
        // Two locks: one adoption at a time, and nobody else takes a second.
        synchronized (ADOPTING) {
            return window.isOf(this) ? window : adopt(window);
        }
    }

    private synchronized Window adopt(Window window) {
        requireOpen();
        Window adopted = new Window(window.iova, window.size, window.leave());
        windows.add(adopted);
        return adopted;
    }

    private String what(long iova, long size) {
        return "mapping %d bytes for DMA at 0x%x of %s".formatted(size, iova, handle.device());
    }

    /** What to do about a refused mapping. */
    static String advice(Errno errno) {
        if (errno.equals(Errno.ENOMEM)) {
            return ": it is locked in memory, of which this process may lock %s (RLIMIT_MEMLOCK): raise that (ulimit -l)"
                    .formatted(LockedMemoryLimit.text());
        }
        if (errno.equals(Errno.EEXIST)) {
            return ": something is mapped there, perhaps for another device of the same IOMMU group";
        }
        if (errno.equals(Errno.ENOSPC)) {
            return ": there are too many windows";
        }
        if (errno.equals(Errno.EFAULT)) {
            return ": its pages cannot be pinned: its file has just become shorter, or lies on a disk: share a memfd, or a"
                    + " file of tmpfs or hugetlbfs";
        }
        if (errno.equals(Errno.EINVAL)) {
            return ": the IOMMU cannot do that address, or reserves it (see iommu_group/reserved_regions)";
        }
        return "";
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException(handle.device() + " is closed");
        }
    }

    /**
     * Unmaps all that is left. The address space may be another device's too: memory that it still
     * has is never freed.
     *
     * @throws VfioException if some of it could not be unmapped
     */
    synchronized void close() {
        closed = true;
        List<VfioException> failures = new ArrayList<>();
        for (Window window : windows) {
            try {
                window.take();
            } catch (VfioException refused) {
                failures.add(refused);
            }
        }
        windows.clear();
        if (!failures.isEmpty()) {
            VfioException first = failures.getFirst();
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
    }

    private final class Window implements DmaWindow {
        private final long iova;
        private final long size;
        private final Hold memory;

        private Window(long iova, long size, Hold memory) {
            this.iova = iova;
            this.size = size;
            this.memory = memory;
        }

        private DmaSpace space() {
            return space;
        }

        private boolean isOf(KernelDma dma) {
            return dma == KernelDma.this;
        }

        /** It is somebody else's from now on, mapped as it is. */
        private Hold leave() {
            synchronized (KernelDma.this) {
                if (!windows.remove(this)) {
                    throw new IllegalStateException(this + " is not mapped any more");
                }
                return memory;
            }
        }

        @Override
        public long iova() {
            return iova;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void unmap() {
            synchronized (KernelDma.this) {
                requireOpen();
                remove();
            }
        }

        private void remove() {
            if (windows.contains(this)) {
                take();
                windows.remove(this);
            }
        }

        /** Takes the memory from the address space, and only then lets go of it. */
        private void take() {
            try {
                space.unmap(iova, size);
            } catch (LinuxException refused) {
                // ENOENT: it is not there any more.
                if (!refused.errno().equals(Errno.ENOENT)) {
                    throw Answers.failed(
                            refused.errno(),
                            "unmapping " + this,
                            ": the device may still reach that memory, which is therefore not freed");
                }
            }
            memory.close();
        }

        @Override
        public void close() {
            synchronized (KernelDma.this) {
                if (!closed) {
                    remove();
                }
            }
        }

        @Override
        public String toString() {
            return "DMA window of %d bytes at 0x%x of %s".formatted(size, iova, handle.device());
        }
    }
}
