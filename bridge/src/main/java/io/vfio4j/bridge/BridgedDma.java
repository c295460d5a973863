/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.DmaTable;
import io.vfio4j.device.ServedDma;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FileStatus;
import io.vfio4j.linux.LinuxException;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongSupplier;

/**
 * A client's DMA windows, passed on: memory that it gives by descriptor is mapped here as well, and
 * then for the device behind. What is refused is refused as {@link DmaTable} does, or as the kernel
 * does; why, and what can be done about it, goes to the log.
 *
 * <p>Windows without a descriptor cannot be mapped. But a VMM maps whatever its guest can reach,
 * and that is not only memory: QEMU's ROM and flash, the BARs of this device and of others, the
 * video memory of an emulated card come without a descriptor however the guest's memory is shared,
 * and QEMU complains of each that is refused. So they are taken, and the device does not reach
 * them, unless it looks as if the guest's memory was not shared at all.
 *
 * <p>Threads: any; neither wakes the device (spec B7).
 */
final class BridgedDma implements ServedDma {
    private static final System.Logger LOG = System.getLogger(BridgedDma.class.getName());

    /** How many refusals of a client's are told: one who asks for ever fills no log. */
    private static final int TOLD = 20;

    /** What takes longer may take too long for the client. */
    private static final Duration LONG = Duration.ofSeconds(2);

    /**
     * How long a client is kept waiting for what the one before has left: well below the 5 s that
     * QEMU waits for an answer.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final VfioDevice device;
    private final SharedWindows shared;
    private final BarWindows bars;
    private final PrivateMemory privately;
    private final String name;
    private final LongSupplier nanoTime;
    private final DmaTable<BridgedWindow> windows = new DmaTable<>();
    private boolean memoryIsShared;
    private boolean unsharedRefused;
    private boolean sharedRefused;
    private boolean unreachedTold;
    private int refused;
    private Duration patience;

    /**
     * The windows of one client.
     *
     * @param device the device behind
     * @param shared the windows of all devices that this process passes on
     * @param bars told of the windows that are BARs of this device
     * @param process the client's, to see whether it shares its memory; empty if that is not to be
     *     seen
     * @param name for the log
     */
    BridgedDma(
            VfioDevice device,
            SharedWindows shared,
            BarWindows bars,
            OptionalInt process,
            String name) {
        this(device, shared, bars, process, name, System::nanoTime, PATIENCE);
    }

    /** With another clock and another patience: for tests. */
    BridgedDma(
            VfioDevice device,
            SharedWindows shared,
            BarWindows bars,
            OptionalInt process,
            String name,
            LongSupplier nanoTime,
            Duration patience) {
        this.device = device;
        this.shared = shared;
        this.bars = bars;
        this.name = name;
        privately = new PrivateMemory(process);
        this.nanoTime = nanoTime;
        this.patience = patience;
    }

    // ---- DMA_MAP ----

    /** A DMA_MAP that is whole pages, and does not wrap. */
    private record Asked(long iova, long size, long offset, int flags) {
        boolean writable() {
            return (flags & DmaTable.WRITABLE) != 0;
        }

        DmaDirection direction() {
            return switch (flags) {
                case DmaTable.READABLE -> DmaDirection.TO_DEVICE;
                case DmaTable.WRITABLE -> DmaDirection.FROM_DEVICE;
                default -> DmaDirection.BIDIRECTIONAL;
            };
        }

        @Override
        public String toString() {
            return "a window of 0x%x bytes at 0x%x (offset 0x%x, flags %d)"
                    .formatted(size, iova, offset, flags);
        }
    }

    @Override
    public int map(long iova, long size, long offset, int flags, List<Fd> fds) {
        Asked asked = new Asked(iova, size, offset, flags);
        try {
            BridgedWindow window = map(asked, fds);
            if (window instanceof BridgedWindow.Bar) {
                bars.mapped();
            }
            return 0;
        } catch (VfioException no) {
            return refuse(no.errno(), String.valueOf(no.getMessage()));
        } catch (LinuxException no) {
            return refuse(no.errno(), asked + ": " + no.getMessage());
        } catch (IllegalStateException closed) {
            return refuse(Errno.ENODEV, asked + ": the device is being closed");
        } finally {
            fds.forEach(Fd::close);
        }
    }

    private synchronized BridgedWindow map(Asked asked, List<Fd> fds) {
        judge(asked, fds.size());
        BridgedWindow window =
                fds.isEmpty() ? withoutMemory(asked) : byDescriptor(asked, fds.getFirst());
        windows.add(window);
        return window;
    }

    private void judge(Asked asked, int descriptors) {
        int refusal =
                DmaTable.check(asked.iova, asked.size, asked.offset, asked.flags, descriptors);
        if (refusal != 0 || asked.flags == 0) {
            throw no(
                    Errno.EINVAL,
                    asked
                            + ": address, size and offset are multiples of 4096, none of them"
                            + " reaching beyond its end, flags are 1 to 3, and there is one"
                            + " descriptor at most");
        }
        refusal = windows.admit(asked.iova, asked.size, descriptors > 0);
        if (refusal == -Errno.EEXIST.number()) {
            throw no(Errno.EEXIST, asked + ": something is mapped there already");
        }
        if (refusal == -Errno.ENOSPC.number()) {
            throw no(
                    Errno.ENOSPC,
                    asked + ": there are %d windows, and no more".formatted(MAX_WINDOWS));
        }
        if (refusal != 0) {
            throw no(
                    Errno.of(-refusal),
                    asked + ": with it more than 0x%x bytes".formatted(DmaTable.MAX_MAPPED));
        }
    }

    private static VfioException no(Errno errno, String why) {
        return new VfioException(errno, why);
    }

    private BridgedWindow byDescriptor(Asked asked, Fd fd) {
        boolean mapped = false;
        try {
            BridgedWindow window = mapped(asked, fd);
            mapped = true;
            return window;
        } finally {
            sharedRefused |= !mapped;
        }
    }

    private BridgedWindow mapped(Asked asked, Fd fd) {
        requireShared(asked, fd);
        long before = nanoTime.getAsLong();
        // The window keeps the memory in place. Its descriptor is not needed, and would be one of
        // thousands.
        try (DmaMemory memory = DmaMemory.of(fd, asked.offset, asked.size, asked.writable())) {
            AddressSpace.Share share = share(asked, memory);
            memoryIsShared = true;
            tellIfLong(asked, nanoTime.getAsLong() - before);
            return new BridgedWindow.Memory(asked.iova, asked.size, share);
        }
    }

    private void requireShared(Asked asked, Fd memory) {
        if (privately.holds(FileStatus.of(memory))) {
            throw no(
                    Errno.EINVAL,
                    asked
                            + " is memory that the client has mapped for itself alone: neither would"
                            + " see what the other writes; QEMU's memory backend must have"
                            + " share=on");
        }
    }

    private AddressSpace.Share share(Asked asked, DmaMemory memory) {
        try {
            return shared.map(device, asked.iova, memory, asked.direction(), patience);
        } catch (VfioException refusal) {
            if (refusal.errno().equals(Errno.EEXIST)) {
                // What did not go away will not for the windows after it, which come at once.
                patience = Duration.ZERO;
            }
            throw refusal;
        }
    }

    private void tellIfLong(Asked asked, long nanos) {
        if (nanos > LONG.toNanos()) {
            LOG.log(
                    Level.WARNING,
                    "{0}: mapping {1} took {2} ms, for which QEMU waits 5000 (x-msg-timeout):"
                            + " memory that is there already (prealloc=on), or huge pages"
                            + " (hugetlb=on), take less",
                    name,
                    asked,
                    Long.toString(nanos / 1_000_000));
        }
    }

    private BridgedWindow withoutMemory(Asked asked) {
        if (!asked.writable()) {
            LOG.log(Level.DEBUG, "{0}: {1} is a ROM of the VMM: not reached", name, asked);
            return new BridgedWindow.Unreached(asked.iova, asked.size);
        }
        if (bars.holds(asked.iova, asked.size)) {
            return new BridgedWindow.Bar(asked.iova, asked.size);
        }
        if (!memoryIsShared) {
            unsharedRefused = true;
            throw no(
                    Errno.EINVAL,
                    asked
                            + " has no descriptor: the guest's memory is not shared, so that the"
                            + " device cannot reach it; start QEMU with -object"
                            + " memory-backend-memfd,id=m,size=…,share=on -machine"
                            + " memory-backend=m, its size that of -m");
        }
        LOG.log(
                unreachedTold ? Level.DEBUG : Level.WARNING,
                "{0}: {1} has no descriptor, as memory of an emulated card or the BAR of another"
                        + " device: the device does not reach it",
                name,
                asked);
        unreachedTold = true;
        return new BridgedWindow.Unreached(asked.iova, asked.size);
    }

    /**
     * Whether the device does not reach all of the memory that the client has wanted it to: some
     * could not be mapped, or none is shared. QEMU only complains of a refused window, and would
     * have its guest find out.
     */
    synchronized boolean lacksMemory() {
        return sharedRefused || (unsharedRefused && !memoryIsShared);
    }

    private synchronized int refuse(Errno errno, String why) {
        refused++;
        LOG.log(
                refused <= TOLD ? Level.WARNING : Level.DEBUG,
                "{0}: DMA refused: {1}{2}",
                name,
                why,
                refused == TOLD ? " (further refusals are told at level DEBUG)" : "");
        return -errno.number();
    }

    // ---- DMA_UNMAP ----

    @Override
    public int unmap(long iova, long size) {
        List<BridgedWindow> gone = new ArrayList<>();
        try {
            return unmap(iova, size, gone);
        } finally {
            tell(gone);
        }
    }

    private synchronized int unmap(long iova, long size, List<BridgedWindow> gone) {
        int refusal = windows.checkUnmap(iova, size);
        return refusal != 0 ? refusal : unmap(windows.within(iova, size), gone);
    }

    /** One after the other; 0 or minus the errno of the first that the device keeps. */
    private int unmap(Collection<BridgedWindow> those, List<BridgedWindow> gone) {
        int result = 0;
        for (BridgedWindow window : those) {
            try {
                if (window instanceof BridgedWindow.Memory(long _, long _, var share)) {
                    share.unmap();
                }
                windows.remove(window);
                gone.add(window);
            } catch (VfioException kept) {
                int errno = refuse(kept.errno(), String.valueOf(kept.getMessage()));
                result = result == 0 ? errno : result;
            }
        }
        return result;
    }

    private void tell(List<BridgedWindow> gone) {
        for (BridgedWindow window : gone) {
            if (window instanceof BridgedWindow.Bar) {
                bars.unmapped();
            }
        }
    }

    @Override
    public void unmapAll() {
        List<BridgedWindow> gone = new ArrayList<>();
        synchronized (this) {
            int _ = unmap(List.copyOf(windows.windows()), gone);
        }
        tell(gone);
    }

    /**
     * Closes the device with all that the client has left mapped. The device's close ends its DMA
     * before it unmaps, so that a device whose client was killed in the middle of its work does not
     * reach into nothing; what other devices of its group share stays mapped, without a gap.
     *
     * @param close closes the device
     */
    void closeWith(Runnable close) {
        List<AddressSpace.Share> left;
        synchronized (this) {
            left =
                    windows.windows().stream()
                            .filter(BridgedWindow.Memory.class::isInstance)
                            .map(window -> ((BridgedWindow.Memory) window).share())
                            .toList();
            List.copyOf(windows.windows()).forEach(windows::remove);
        }
        left.forEach(AddressSpace.Share::leave);
        try {
            close.run();
        } finally {
            left.forEach(AddressSpace.Share::gone);
        }
    }
}
