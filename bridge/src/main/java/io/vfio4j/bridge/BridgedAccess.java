/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.device.InterruptDescription;
import io.vfio4j.device.RegionDescription;
import io.vfio4j.device.ServedAccess;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;

import java.util.List;

/**
 * A client's requests, passed on. What the device is was asked when it was opened; a client that
 * manages the device's power itself reaches the device by each of them all the same, as it would
 * the kernel's (spec B7).
 */
final class BridgedAccess implements ServedAccess {
    private static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
    private static final int EINVAL = -Errno.EINVAL.number();
    private static final int EIO = -Errno.EIO.number();

    private final VfioDevice device;
    private final Sleeper sleeper;
    private final BridgedConfig config;
    private final BridgedInterrupts interrupts;
    private final PassedFeatures features;
    private final PassedFacts facts;
    private final BridgedDma dma;
    private boolean reached;
    private boolean told;

    BridgedAccess(
            VfioDevice device,
            Sleeper sleeper,
            BridgedConfig config,
            BridgedInterrupts interrupts,
            PassedFeatures features,
            PassedFacts facts,
            BridgedDma dma) {
        this.device = device;
        this.sleeper = sleeper;
        this.config = config;
        this.interrupts = interrupts;
        this.features = features;
        this.facts = facts;
        this.dma = dma;
    }

    BridgedAccess begin() {
        reached = false;
        return this;
    }

    @Override
    public int flags() {
        boolean first = !told;
        told = true;
        if (first && dma.lacksMemory()) {
            // QEMU ignores that its DMA_MAP was refused, but not this (and the log has told why).
            throw new LinuxException(Errno.EINVAL, "GET_INFO", "of a device without memory");
        }
        return facts.flags();
    }

    @Override
    public RegionDescription region(int index) {
        return facts.region(index);
    }

    @Override
    public InterruptDescription interrupt(int index) {
        return interrupts.describe(index);
    }

    @Override
    public int read(int region, long offset, int count, Memory target, long at) {
        reached = true;
        if (region == CONFIG) {
            return config.read(offset, count, target, at);
        }
        if (asleepForTheGuest(region)) {
            return undecoded(region, offset);
        }
        int there = clip(region, offset, count);
        return sleeper.reach(() ->
                Refusals.of(() -> {
                    device.read(region, offset, target, at, there);
                    return there;
                }));
    }

    @Override
    public int write(int region, long offset, int count, Memory source, long at) {
        reached = true;
        if (region == CONFIG) {
            return config.write(offset, count, source, at);
        }
        if (asleepForTheGuest(region)) {
            return undecoded(region, offset);
        }
        int there = clip(region, offset, count);
        return sleeper.reach(() ->
                Refusals.of(() -> {
                    device.write(region, offset, source, at, there);
                    return there;
                }));
    }

    /** A function in D3hot decodes no memory (spec B5). */
    private boolean asleepForTheGuest(int region) {
        return region < CONFIG && !sleeper.state().decodesMemory();
    }

    /** A bad offset is still a bad offset. */
    private int undecoded(int region, long offset) {
        return offset >= 0 && offset < facts.region(region).size() ? EIO : EINVAL;
    }

    /** Short at a BAR's end (spec B5); what is out of range altogether the device refuses. */
    private int clip(int region, long offset, int count) {
        long size = facts.region(region).size();
        return offset >= 0 && offset < size ? (int) Math.min(count, size - offset) : count;
    }

    @Override
    public int setInterrupts(VfioIrqSet request, int available, byte[] data, List<Fd> fds) {
        reached = true;
        try {
            return sleeper.reach(() -> interrupts.set(request, available, data, fds));
        } finally {
            fds.forEach(Fd::close);
        }
    }

    @Override
    public int reset() {
        reached = true;
        int result =
                sleeper.reach(() ->
                        Refusals.of(() -> {
                            device.reset();
                            config.renewCopy();
                            return 0;
                        }));
        if (result == 0) {
            sleeper.tell(new BridgeEvent.WasReset());
        }
        return result;
    }

    @Override
    public int feature(Memory request, long at, int length, List<Fd> fds) {
        reached = length >= 8;
        return features.handle(request, at, length, fds);
    }

    /** A request that needed nothing of the device wakes it all the same (spec B7). */
    @Override
    public void close() {
        if (!reached && sleeper.state().selfManaged()) {
            int _ = Refusals.of(() -> device.info().regions());
        }
    }
}
