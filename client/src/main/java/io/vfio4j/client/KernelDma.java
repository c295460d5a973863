/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;

import java.util.HashSet;
import java.util.Set;

/**
 * The memory that a device reaches. One call at a time: the kernel does not do two either, and
 * closing must know what is mapped, since the address space may outlive the device.
 */
final class KernelDma {
    private static final long PAGE = 4096;

    private final KernelHandle handle;
    private final KernelAccess access;
    private final Set<Window> windows = new HashSet<>();
    private boolean closed;

    KernelDma(KernelHandle handle, KernelAccess access) {
        this.handle = handle;
        this.access = access;
    }

    DmaWindow map(long iova, DmaMemory memory, DmaDirection direction) {
        DmaRequests.requireWindow(iova, memory.size());
        return map(iova, memory.address(), memory.size(), direction);
    }

    DmaWindow map(long iova, Memory memory, DmaDirection direction) {
        DmaRequests.requireWindow(iova, memory.size());
        return map(iova, memory.address(), memory.size(), direction);
    }

    private synchronized DmaWindow map(long iova, long address, long size, DmaDirection direction) {
        requireOpen();
        String what =
                "mapping %d bytes for DMA at 0x%x of %s".formatted(size, iova, handle.device());
        if (((iova | size) & (PAGE - 1)) != 0) {
            throw Answers.failed(
                    Errno.EINVAL,
                    what,
                    ": address and size must be multiples of %d".formatted(PAGE));
        }
        if ((address & (PAGE - 1)) != 0) {
            throw Answers.failed(
                    Errno.EINVAL,
                    what,
                    ": the memory does not begin at a multiple of %d".formatted(PAGE));
        }
        try {
            access.map(address, iova, size, direction);
        } catch (LinuxException refused) {
            throw Answers.failed(refused.errno(), what, advice(refused.errno()));
        }
        Window window = new Window(iova, size);
        windows.add(window);
        return window;
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

    /** Unmaps all that is left. */
    synchronized void close() {
        closed = true;
        for (Window window : windows) {
            try {
                access.unmap(window.iova, window.size);
            } catch (LinuxException _) {
                // Gone already, as after an unbind: else it goes with the address space.
            }
        }
        windows.clear();
    }

    private final class Window implements DmaWindow {
        private final long iova;
        private final long size;

        private Window(long iova, long size) {
            this.iova = iova;
            this.size = size;
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
                take();
            }
        }

        private void take() {
            if (windows.contains(this)) {
                try {
                    access.unmap(iova, size);
                } catch (LinuxException refused) {
                    throw Answers.failed(refused.errno(), "unmapping " + this, "");
                }
                windows.remove(this);
            }
        }

        @Override
        public void close() {
            synchronized (KernelDma.this) {
                if (!closed) {
                    take();
                }
            }
        }

        @Override
        public String toString() {
            return "DMA window of %d bytes at 0x%x of %s".formatted(size, iova, handle.device());
        }
    }
}
