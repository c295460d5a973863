/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.device.DeviceAccess;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.RegionDescription;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Profile;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model that a client has open: what a driver does to it, each request in an access of its own.
 */
final class Driven implements AutoCloseable {
    private static final int LOW_POWER_ENTRY = 3;
    private static final int LOW_POWER_EXIT = 5;
    private static final int SET = 1 << 17;
    private static final int READABLE_AND_WRITABLE = 3;

    final RecordingClient client = new RecordingClient();
    final HostedDevice device;
    private final ManualWork work = new ManualWork();
    private final Memory buffer = Memory.allocate(8192);

    Driven(PciDevice model) {
        device =
                new HostedDevice(
                        model, new HostOptions(work, work, (_, _) -> () -> {}, Profile.LINUX_7_3));
        settle();
        device.open(client);
    }

    /** Lets the device fall asleep if it may. */
    void settle() {
        work.drain();
    }

    void busMaster(boolean on) {
        int command = PciRegs.PCI_COMMAND_MEMORY | (on ? PciRegs.PCI_COMMAND_MASTER : 0);
        store(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, PciRegs.PCI_COMMAND, 2, command);
    }

    /** What GET_REGION_INFO tells. */
    RegionDescription region(int index) {
        try (DeviceAccess access = device.access()) {
            return access.region(index);
        }
    }

    /** A read of 1, 2, 4 or 8 bytes, zero-extended. */
    long load(int region, long offset, int width) {
        buffer.putLong(0, 0);
        read(region, offset, width);
        return buffer.getLong(0);
    }

    /** A write of the value's low 1, 2, 4 or 8 bytes. */
    void store(int region, long offset, int width, long value) {
        buffer.putLong(0, value);
        write(region, offset, width);
    }

    byte[] bytes(int region, long offset, int count) {
        read(region, offset, count);
        byte[] bytes = new byte[count];
        buffer.get(0, bytes, 0, count);
        return bytes;
    }

    void bytes(int region, long offset, byte[] bytes) {
        buffer.put(0, bytes, 0, bytes.length);
        write(region, offset, bytes.length);
    }

    private void read(int region, long offset, int count) {
        try (DeviceAccess access = device.access()) {
            check("read", count, access.read(region, offset, count, buffer, 0));
        }
    }

    private void write(int region, long offset, int count) {
        try (DeviceAccess access = device.access()) {
            check("write", count, access.write(region, offset, count, buffer, 0));
        }
    }

    private static void check(String what, int expected, int answer) {
        if (answer != expected) {
            throw new AssertionError(
                    "%s was answered %d, not %d".formatted(what, answer, expected));
        }
    }

    /** Gives the first vectors of an index their eventfds. */
    void interrupts(int index, EventFd... eventFds) {
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        List<Fd> fds = Stream.of(eventFds).map(it -> it.fd().duplicate()).toList();
        irqs(flags, index, eventFds.length, fds);
    }

    void unmaskIntx() {
        int flags = Vfio.VFIO_IRQ_SET_DATA_NONE | Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
        irqs(flags, VfioPci.VFIO_PCI_INTX_IRQ_INDEX, 1, List.of());
    }

    private void irqs(int flags, int index, int count, List<Fd> fds) {
        int size = VfioIrqSet.LAYOUT.size();
        VfioIrqSet request = new VfioIrqSet(size, flags, index, 0, count);
        try (DeviceAccess access = device.access()) {
            int answer = access.setInterrupts(request, size, new byte[0], new ArrayList<>(fds));
            check("SET_IRQS", 0, answer);
        }
    }

    /** Gives the device a window of all of a file. */
    void map(long iova, MemFd memory) {
        map(iova, memory.size(), List.of(memory.fd().duplicate()));
    }

    /** Gives the device a window that it reaches by messages to {@link #client}. */
    void mapForMessages(long iova, long size) {
        map(iova, size, List.of());
    }

    private void map(long iova, long size, List<Fd> fds) {
        int answer = device.dma().map(iova, size, 0, READABLE_AND_WRITABLE, new ArrayList<>(fds));
        check("DMA_MAP", 0, answer);
    }

    void reset() {
        try (DeviceAccess access = device.access()) {
            check("DEVICE_RESET", 0, access.reset());
        }
    }

    /** Permits low power; the device sleeps once things {@link #settle}. */
    void enter() {
        feature(LOW_POWER_ENTRY);
    }

    void exit() {
        feature(LOW_POWER_EXIT);
    }

    private void feature(int feature) {
        buffer.putInt(0, 8);
        buffer.putInt(4, feature | SET);
        try (DeviceAccess access = device.access()) {
            check("DEVICE_FEATURE", 0, access.feature(buffer, 0, 8, new ArrayList<>()));
        }
    }

    @Override
    public void close() {
        device.lastClose();
        device.close();
        buffer.close();
    }
}
