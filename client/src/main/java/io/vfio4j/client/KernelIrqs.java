/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqInfo;
import io.vfio4j.uapi.VfioIrqSet;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** VFIO_DEVICE_GET_IRQ_INFO and VFIO_DEVICE_SET_IRQS. */
final class KernelIrqs {
    private static final int NO_EVENTFD = -1;

    private final KernelHandle handle;
    private final int indices;

    // The indices that were enabled here and not disabled since.
    private final Set<Integer> enabled = ConcurrentHashMap.newKeySet();

    /**
     * Interrupts of that device.
     *
     * @param indices how many indices it has
     */
    KernelIrqs(KernelHandle handle, int indices) {
        this.handle = handle;
        this.indices = indices;
    }

    IrqInfo info(int index) {
        int size = VfioIrqInfo.LAYOUT.size();
        try (var block = handle.blocks().take(size)) {
            new VfioIrqInfo(size, 0, index, 0).write(block.memory, 0);
            handle.require(
                    handle.call(Vfio.VFIO_DEVICE_GET_IRQ_INFO, block.memory),
                    () -> "asking for interrupt index %d of %s".formatted(index, handle.device()));
            VfioIrqInfo info = VfioIrqInfo.read(block.memory, 0);
            return new IrqInfo(index, info.flags(), info.count());
        }
    }

    void enable(int index, int start, List<EventFd> events) {
        IrqRequests.requireVectors(start, events.size());
        List<Fd> descriptors = events.stream().map(EventFd::fd).toList();
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        require(setEventFds(flags, index, start, descriptors), index, start, events.size());
        enabled.add(index);
    }

    /**
     * Disables all; that none was enabled, or those of another index are, the kernel calls invalid.
     */
    void disable(int index) {
        int flags = Vfio.VFIO_IRQ_SET_DATA_NONE | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        int result = set(flags, index, 0, 0);
        if (result != -Errno.EINVAL.number() || index < 0 || index >= indices) {
            require(result, index, 0, 0);
        }
        enabled.remove(index);
    }

    void disable(int index, int start, int count) {
        IrqRequests.requireVectors(start, count);
        if (!enabled.contains(index)) {
            // Told to disable one vector of MSI, the kernel would begin by enabling MSI.
            if (start + count > info(index).count()) {
                require(-Errno.EINVAL.number(), index, start, count);
            }
            return;
        }
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        int size = VfioIrqSet.LAYOUT.size();
        int argsz = size + count * Integer.BYTES;
        try (var block = handle.blocks().take(argsz)) {
            new VfioIrqSet(argsz, flags, index, start, count).write(block.memory, 0);
            for (int i = 0; i < count; i++) {
                block.memory.putInt(size + (long) i * Integer.BYTES, NO_EVENTFD);
            }
            require(handle.call(Vfio.VFIO_DEVICE_SET_IRQS, block.memory), index, start, count);
        }
    }

    void mask(int index, int start, int count) {
        act(Vfio.VFIO_IRQ_SET_ACTION_MASK, index, start, count);
    }

    void unmask(int index, int start, int count) {
        act(Vfio.VFIO_IRQ_SET_ACTION_UNMASK, index, start, count);
    }

    void trigger(int index, int start, int count) {
        act(Vfio.VFIO_IRQ_SET_ACTION_TRIGGER, index, start, count);
    }

    private void act(int action, int index, int start, int count) {
        IrqRequests.requireVectors(start, count);
        int result = set(Vfio.VFIO_IRQ_SET_DATA_NONE | action, index, start, count);
        require(result, index, start, count);
    }

    void unmaskBy(int index, int vector, EventFd event) {
        IrqRequests.requireVectors(vector, 1);
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
        List<Fd> descriptor = Collections.singletonList(event.fd());
        require(setEventFds(flags, index, vector, descriptor), index, vector, 1);
    }

    /** Made as it is. */
    void set(RawInterrupts raw) {
        KernelIrqRequest request = KernelIrqRequest.of(raw);
        int size = VfioIrqSet.LAYOUT.size();
        byte[] data = request.data();
        int length = size + data.length;
        int result;
        // What argsz says beyond the data is not there to be read.
        try (var block = ArgumentBlocks.BEFORE_GAP.take(length)) {
            Memory memory = block.memory;
            long at = memory.size() - length;
            request.fixed().write(memory, at);
            memory.put(at + size, data, 0, data.length);
            result = handle.call(Vfio.VFIO_DEVICE_SET_IRQS, memory, at, request.named());
        }
        handle.require(result, () -> "%s of %s".formatted(raw, handle.device()));
        if (raw.triggers()) {
            remember(raw);
        }
    }

    private void remember(RawInterrupts raw) {
        if (raw.byEventFds() && raw.count() != 0) {
            enabled.add(raw.index());
        } else if (raw.count() == 0) {
            enabled.remove(raw.index());
        }
    }

    private int set(int flags, int index, int start, int count) {
        int argsz = VfioIrqSet.LAYOUT.size();
        try (var block = handle.blocks().take(argsz)) {
            new VfioIrqSet(argsz, flags, index, start, count).write(block.memory, 0);
            return handle.call(Vfio.VFIO_DEVICE_SET_IRQS, block.memory);
        }
    }

    private int setEventFds(int flags, int index, int start, List<Fd> descriptors) {
        int size = VfioIrqSet.LAYOUT.size();
        int argsz = size + descriptors.size() * Integer.BYTES;
        try (var block = handle.blocks().take(argsz)) {
            Memory memory = block.memory;
            new VfioIrqSet(argsz, flags, index, start, descriptors.size()).write(memory, 0);
            for (int i = 0; i < descriptors.size(); i++) {
                memory.putInt(size + (long) i * Integer.BYTES, descriptors.get(i).number());
            }
            return handle.call(Vfio.VFIO_DEVICE_SET_IRQS, memory, descriptors);
        }
    }

    private void require(int result, int index, int start, int count) {
        handle.require(
                result,
                () ->
                        "setting interrupts %d to %d of index %d of %s"
                                .formatted(
                                        start,
                                        Math.max(start, start + count - 1),
                                        index,
                                        handle.device()));
    }
}
