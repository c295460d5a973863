/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.client.DeviceInfo;
import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.DmaWindow;
import io.vfio4j.client.IrqInfo;
import io.vfio4j.client.RawInterrupts;
import io.vfio4j.client.RegionInfo;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.uapi.Vfio;

import org.jspecify.annotations.Nullable;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A device of this machine as far as its DMA, its interrupts and the size of its BARs go. Memory is
 * mapped in a table that the devices of a group share, as in the kernel.
 */
final class FakeDevice {
    /** The address space of an IOMMU group; every call on it, in order. */
    static final class Group {
        private final String name;
        private final TreeMap<Long, Long> mapped = new TreeMap<>();
        private final List<String> calls = new ArrayList<>();

        Group(String name) {
            this.name = name;
        }

        private synchronized void map(long iova, long size, DmaDirection direction) {
            Map.Entry<Long, Long> below = mapped.floorEntry(iova + size - 1);
            if (below != null && below.getKey() + below.getValue() > iova) {
                throw new VfioException(Errno.EEXIST, "the kernel says EEXIST");
            }
            mapped.put(iova, size);
            calls.add("map 0x%x+0x%x %s".formatted(iova, size, direction));
        }

        private synchronized void unmap(long iova, long size) {
            mapped.remove(iova, size);
            calls.add("unmap 0x%x+0x%x".formatted(iova, size));
        }

        synchronized List<String> calls() {
            return List.copyOf(calls);
        }

        synchronized Set<Long> mapped() {
            return Set.copyOf(mapped.keySet());
        }
    }

    final List<String> calls = new ArrayList<>();
    final List<RawInterrupts> interrupts = new ArrayList<>();
    final long[] bars = new long[6];
    int irqs = 5;

    /** Whether it refuses to tell of its errors, as kernels do where there is no PCI Express. */
    boolean conventional;

    /** Thrown by whatever changes something, from now on. */
    Optional<RuntimeException> refusal = Optional.empty();

    private final VfioDevice device;
    private final String name;
    private final Group group;
    private final Set<Window> windows = new LinkedHashSet<>();
    private boolean closed;

    FakeDevice(String name, Group group) {
        this.name = name;
        this.group = group;
        device =
                (VfioDevice)
                        Proxy.newProxyInstance(
                                FakeDevice.class.getClassLoader(),
                                new Class<?>[] {VfioDevice.class},
                                (self, method, args) -> call(self, method, args));
    }

    FakeDevice() {
        this("0000:01:00.0", new Group("iommu group 7"));
    }

    /** What the bridge has of it. */
    VfioDevice device() {
        return device;
    }

    Group group() {
        return group;
    }

    @SuppressWarnings("ReferenceEquality")
    private @Nullable Object call(Object self, Method method, Object @Nullable [] given) {
        Object[] args = given == null ? new Object[0] : given;
        return switch (method.getName()) {
            case "toString" -> name;
            case "equals" -> self == args[0];
            case "hashCode" -> System.identityHashCode(self);
            case "dmaDomain" -> group.name;
            case "mapDma" -> map((long) args[0], (DmaMemory) args[1], (DmaDirection) args[2]);
            case "adoptDma" -> adopt((Window) args[0]);
            case "region" -> region((int) args[0]);
            case "info" -> new DeviceInfo(true, true, 3, 9, irqs);
            case "irq" -> irq((int) args[0]);
            case "close" -> close();
            case "setInterrupts" -> {
                requireWilling();
                yield interrupts.add((RawInterrupts) args[0]) ? null : this;
            }
            default -> {
                requireWilling();
                yield calls.add(method.getName() + Arrays.deepToString(args)) ? null : this;
            }
        };
    }

    private void requireWilling() {
        if (refusal.isPresent()) {
            throw refusal.get();
        }
        if (closed) {
            throw new IllegalStateException(name + " is closed");
        }
    }

    private RegionInfo region(int index) {
        return new RegionInfo(
                index, index < bars.length ? bars[index] : 0, true, true, List.of(), List.of());
    }

    private IrqInfo irq(int index) {
        if (conventional && index == 3) {
            throw new VfioException(Errno.EINVAL, "the kernel says EINVAL");
        }
        int[] counts = {1, 4, 8, 1, 1};
        int maskable = Vfio.VFIO_IRQ_INFO_MASKABLE | Vfio.VFIO_IRQ_INFO_AUTOMASKED;
        return new IrqInfo(
                index, Vfio.VFIO_IRQ_INFO_EVENTFD | (index == 0 ? maskable : 0), counts[index]);
    }

    // ---- DMA ----

    private synchronized Window map(long iova, DmaMemory memory, DmaDirection direction) {
        requireWilling();
        group.map(iova, memory.size(), direction);
        Window window = new Window(iova, memory.size());
        windows.add(window);
        return window;
    }

    private Window adopt(Window other) {
        requireWilling();
        other.leave();
        Window window = new Window(other.iova, other.size);
        windows.add(window);
        group.calls.add("0x%x is of %s".formatted(other.iova, name));
        return window;
    }

    private synchronized @Nullable Object close() {
        closed = true;
        group.calls.add("close " + name);
        windows.forEach(it -> group.unmap(it.iova, it.size));
        windows.clear();
        return null;
    }

    private final class Window implements DmaWindow {
        private final long iova;
        private final long size;

        private Window(long iova, long size) {
            this.iova = iova;
            this.size = size;
        }

        private void leave() {
            synchronized (FakeDevice.this) {
                windows.remove(this);
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
            requireWilling();
            if (windows.remove(this)) {
                group.unmap(iova, size);
            }
        }

        @Override
        public void close() {
            unmap();
        }
    }
}
