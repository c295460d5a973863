/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.Profile;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.List;

/**
 * A device as its host has it, in a world where time passes and work is done when the test says so.
 * Its methods do what a client's requests do, each in an access of its own.
 */
final class Hosted implements AutoCloseable {
    static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
    static final int LOW_POWER_ENTRY = 3;
    static final int LOW_POWER_ENTRY_WITH_WAKEUP = 4;
    static final int LOW_POWER_EXIT = 5;
    static final int GET = 1 << 16;
    static final int SET = 1 << 17;
    static final int PROBE = 1 << 18;

    /** Everything a function can have; D3hot is as far down as it goes. */
    static final PciDescription FULL =
            PciDescription.of(new PciIdentity(0x1234, 0x11e8, 0x00ff00, 0x10, 0x1af4, 0x1100))
                    .withRegisters(0, 4096)
                    .withMemory(1, 256)
                    .withMappableMemory(2, 16384)
                    .withMsix(4, 3)
                    .with(new BarDescription(4, 1L << 16, BarDescription.Backing.MEMORY, true))
                    .withIntx()
                    .withMsi(2)
                    .withPower(PowerManagement.downToD3hot().withDelays(Delays.ZERO));

    /** The same where the platform can take the power away. */
    static final PciDescription COLD =
            FULL.withPower(PowerManagement.downToD3cold().withDelays(Delays.ZERO));

    final ManualClock clock = new ManualClock();
    final ManualScheduler scheduler = new ManualScheduler();
    final ManualWatcher watcher = new ManualWatcher();
    final RecordingDevice model;
    final HostedDevice device;
    final Memory buffer = Memory.allocate(2 << 20);

    Hosted(PciDescription description) {
        model = new RecordingDevice(description);
        device =
                new HostedDevice(
                        model, new HostOptions(scheduler, clock, watcher, Profile.LINUX_7_3));
    }

    /** A device that a client has just opened, and that has been told nothing of interest yet. */
    static Hosted opened(PciDescription description) {
        Hosted hosted = new Hosted(description);
        hosted.settle();
        hosted.open();
        hosted.model.calls();
        return hosted;
    }

    void open() {
        device.open(new NoMessages());
    }

    /** Lets all that wants to happen by itself happen: the device falls asleep if it may. */
    void settle() {
        scheduler.drain();
    }

    ContractState contract() {
        return device.power().contractState();
    }

    PciPowerState powerState() {
        return device.power().powerState();
    }

    /** What GET_REGION_INFO tells. */
    RegionDescription region(int index) {
        try (DeviceAccess access = device.access()) {
            return access.region(index);
        }
    }

    /** The file of a region that can be mapped. */
    Fd mappable(int index) {
        return region(index).mappable().orElseThrow().file();
    }

    /** What GET_IRQ_INFO tells. */
    int interruptCount(int index) {
        try (DeviceAccess access = device.access()) {
            return access.interrupt(index).count();
        }
    }

    int read(int region, long offset, int count) {
        try (DeviceAccess access = device.access()) {
            return access.read(region, offset, count, buffer, 0);
        }
    }

    int write(int region, long offset, int count) {
        try (DeviceAccess access = device.access()) {
            return access.write(region, offset, count, buffer, 0);
        }
    }

    /** A read that must succeed in full. */
    long load(int region, long offset, int width) {
        buffer.putLong(0, 0);
        int read = read(region, offset, width);
        if (read != width) {
            throw new AssertionError("read of region %d: %d".formatted(region, read));
        }
        return buffer.getLong(0);
    }

    /** A write that must succeed in full. */
    void store(int region, long offset, int width, long value) {
        buffer.putLong(0, value);
        int written = write(region, offset, width);
        if (written != width) {
            throw new AssertionError("write of region %d: %d".formatted(region, written));
        }
    }

    long config(int offset, int width) {
        return load(CONFIG, offset, width);
    }

    void config(int offset, int width, long value) {
        store(CONFIG, offset, width, value);
    }

    /** SET_IRQS without booleans; the descriptors are given away. */
    int irqs(int flags, int index, int start, int count, Fd... fds) {
        return irqs(flags, index, start, count, new byte[0], fds);
    }

    int irqs(int flags, int index, int start, int count, byte[] booleans, Fd... fds) {
        int size = VfioIrqSet.LAYOUT.size() + booleans.length;
        return irqs(new VfioIrqSet(size, flags, index, start, count), booleans, fds);
    }

    int irqs(VfioIrqSet request, byte[] booleans, Fd... fds) {
        try (DeviceAccess access = device.access()) {
            return access.setInterrupts(
                    request,
                    VfioIrqSet.LAYOUT.size() + booleans.length,
                    booleans,
                    new ArrayList<>(List.of(fds)));
        }
    }

    /** Gives an index its eventfd for vector 0. */
    void trigger(int index, EventFd eventFd) {
        int flags = Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        int answer = irqs(flags, index, 0, 1, eventFd.fd().duplicate());
        if (answer != 0) {
            throw new AssertionError("SET_IRQS: " + answer);
        }
    }

    /** DEVICE_FEATURE with a payload of 4-byte words behind argsz and flags. */
    int feature(int flags, int[] words, Fd... fds) {
        int size = 8 + 4 * words.length;
        return feature(size, flags, words, fds);
    }

    int feature(int argsz, int flags, int[] words, Fd... fds) {
        buffer.putInt(0, argsz);
        buffer.putInt(4, flags);
        for (int i = 0; i < words.length; i++) {
            buffer.putInt(8 + 4L * i, words[i]);
        }
        try (DeviceAccess access = device.access()) {
            return access.feature(buffer, 0, 8 + 4 * words.length, new ArrayList<>(List.of(fds)));
        }
    }

    int enter() {
        return feature(LOW_POWER_ENTRY | SET, new int[0]);
    }

    int enter(EventFd wakeup) {
        int[] payload = {0, 0};
        return feature(LOW_POWER_ENTRY_WITH_WAKEUP | SET, payload, wakeup.fd().duplicate());
    }

    int exit() {
        return feature(LOW_POWER_EXIT | SET, new int[0]);
    }

    @Override
    public void close() {
        device.close();
        buffer.close();
    }
}
