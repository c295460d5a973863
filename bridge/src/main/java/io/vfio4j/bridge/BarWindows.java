/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.PciRegs;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Tells a client's windows onto the device's own BARs from those onto memory. A VMM maps for DMA
 * whatever its guest can reach, the BARs that it has mapped among it: that is how it becomes known
 * when a guest can touch them and when no longer. (It is a sign where it comes; a guest that has
 * its IOMMU translate gives none.)
 *
 * <p>Threads: any; both calls come from whoever has mapped or unmapped.
 */
final class BarWindows {
    private static final int BARS = 6;

    private final Memory config;
    private final List<Long> sizes;
    private final Runnable onFirst;
    private final Runnable onLast;
    private final long[] last = new long[BARS];
    private final AtomicInteger windows = new AtomicInteger();

    /**
     * The windows of one client.
     *
     * @param device asked for the size of its BARs, now
     * @param config what the client reads in configuration space: the BARs' addresses, always as
     *     they were last written
     * @param mapped called when the first window has come
     * @param unmapped called when the last one has gone
     */
    BarWindows(VfioDevice device, Memory config, Runnable mapped, Runnable unmapped) {
        this.config = config;
        onFirst = mapped;
        onLast = unmapped;
        sizes = IntStream.range(0, BARS).mapToObj(index -> device.region(index).size()).toList();
    }

    /** Whether that range is a BAR, or part of one, wherever the client has put it. */
    boolean holds(long iova, long size) {
        for (int bar = 0; bar < BARS; bar++) {
            long place = place(bar);
            long within = iova - place;
            if (place != 0
                    && within >= 0
                    && within < sizes.get(bar)
                    && size <= sizes.get(bar) - within) {
                return true;
            }
        }
        return false;
    }

    /**
     * Where a memory BAR is; 0 for one that has no address, and for what is none. Whether memory is
     * enabled does not matter: it is the client who knows what is mapped.
     */
    private long address(int bar) {
        long size = sizes.get(bar);
        int low = register(bar);
        if (size == 0 || (low & PciRegs.PCI_BASE_ADDRESS_SPACE_IO) != 0) {
            return 0;
        }
        boolean wide =
                (low & PciRegs.PCI_BASE_ADDRESS_MEM_TYPE_MASK)
                        == PciRegs.PCI_BASE_ADDRESS_MEM_TYPE_64;
        long high = wide && bar + 1 < BARS ? Integer.toUnsignedLong(register(bar + 1)) : 0;
        return (high << Integer.SIZE | Integer.toUnsignedLong(low)) & -size & ~0xfL;
    }

    /**
     * Where it is or, since a reset, was: QEMU goes on by its own copy of the registers until it
     * has unmapped what was there.
     */
    private long place(int bar) {
        long now = address(bar);
        if (now != 0) {
            last[bar] = now;
        }
        return last[bar];
    }

    private int register(int bar) {
        return config.getInt(PciRegs.PCI_BASE_ADDRESS_0 + (long) bar * Integer.BYTES);
    }

    /** A window that {@link #holds} was mapped. */
    void mapped() {
        if (windows.getAndIncrement() == 0) {
            onFirst.run();
        }
    }

    /** One was unmapped. */
    void unmapped() {
        if (windows.decrementAndGet() == 0) {
            onLast.run();
        }
    }
}
