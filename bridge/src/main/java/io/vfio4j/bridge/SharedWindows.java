/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The DMA windows of all devices that a process passes on. Devices of one IOMMU group see the same
 * memory ({@link VfioDevice#dmaDomain}): a VMM that has several of them maps its guest's memory for
 * each, and here that is done once.
 *
 * <p>Threads: any.
 */
public final class SharedWindows {
    private final Map<String, InUse> spaces = new HashMap<>();

    /** An address space, and how many shares in its windows there are, or are about to be. */
    private static final class InUse {
        private final AddressSpace space;
        private int users;

        private InUse(AddressSpace space) {
            this.space = space;
        }
    }

    /** An empty table. */
    public SharedWindows() {}

    /**
     * Maps memory for a device, or sees that it is mapped already.
     *
     * @param device an open one
     * @param iova where it shall see it
     * @param memory can be closed by the caller after this
     * @param direction what it may do with it
     * @param patience how long to wait for what is in the way: a client that has just gone may have
     *     left windows that are still being unmapped, or go with the device that had them
     * @return its share in the window
     * @throws VfioException as {@link VfioDevice#mapDma(long, DmaMemory, DmaDirection)}; EEXIST if
     *     another device of its group has something else there, and keeps it
     */
    AddressSpace.Share map(
            VfioDevice device,
            long iova,
            DmaMemory memory,
            DmaDirection direction,
            Duration patience) {
        String name = device.dmaDomain();
        AddressSpace space = enter(name);
        boolean mapped = false;
        try {
            AddressSpace.Share share = space.map(device, iova, memory, direction, patience);
            mapped = true;
            return share;
        } finally {
            if (!mapped) {
                leave(name);
            }
        }
    }

    private synchronized AddressSpace enter(String name) {
        InUse used =
                spaces.computeIfAbsent(
                        name, it -> new InUse(new AddressSpace(it, () -> leave(it))));
        used.users++;
        return used.space;
    }

    private synchronized void leave(String name) {
        InUse used = spaces.get(name);
        if (used != null && --used.users == 0) {
            spaces.remove(name);
        }
    }

    /** How many address spaces have windows. */
    synchronized int spaces() {
        return spaces.size();
    }
}
