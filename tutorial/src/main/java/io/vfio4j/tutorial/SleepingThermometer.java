/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import io.vfio4j.device.DmaException;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.device.ResetReason;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/** The whole thermometer: asleep it costs nothing, and a button on its case wakes its driver. */
public final class SleepingThermometer extends PciDevice {
    private static final int TEMPERATURE = 0x00; // RO, thousandths of a degree
    private static final int LIMIT = 0x04; // RW, the alarm's
    private static final int CONTROL = 0x08; // RW, 1: look 100 times a second
    private static final int STATUS = 0x0c; // RW, write 1 to clear
    private static final int LOG_ADDRESS = 0x10; // RW, 8 bytes: where the driver has its log
    private static final int LOG_ENTRIES = 0x18; // RW, how many of 4 bytes it has; 0: no log
    private static final int LOG_NEXT = 0x1c; // RO, the entry that is written next
    private static final int TOO_HOT = 1;
    private static final int LOG_FAILED = 2;
    private static final int BUTTON = 4;
    private static final Duration PERIOD = Duration.ofMillis(10);
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final IntSupplier sensor;
    private final Memory entry = Memory.allocate(4);
    private final Thread loop;
    private int limit = Integer.MAX_VALUE;
    private boolean running;
    private int status;
    private long logAddress;
    private int logEntries;
    private int logNext;
    private boolean asleep;
    private boolean busy;

    /** A thermometer on a sensor, as slow between its power states as PCI lets it be. */
    public SleepingThermometer(IntSupplier sensor) {
        this(sensor, Delays.SPEC);
    }

    /** A thermometer with a speed of one's choice. */
    public SleepingThermometer(IntSupplier sensor, Delays delays) {
        super(
                PciDescription.of(PciIdentity.of(0x1234, 0x7e31, 0xff0000))
                        .withRegisters(0, 4096)
                        .withMsix(1, 2)
                        .withPower(
                                PowerManagement.downToD3hot()
                                        .withPme(PciPowerState.D3HOT)
                                        .withDelays(delays)));
        this.sensor = sensor;
        loop = Thread.ofPlatform().daemon().name("thermometer").start(this::loop);
    }

    @Override
    protected synchronized long readRegister(int bar, long offset, int width) {
        return switch ((int) offset) {
            case TEMPERATURE -> sensor.getAsInt();
            case LIMIT -> limit;
            case CONTROL -> running ? 1 : 0;
            case STATUS -> status;
            case LOG_ADDRESS -> logAddress;
            case LOG_ENTRIES -> logEntries;
            case LOG_NEXT -> logNext;
            default -> -1;
        };
    }

    @Override
    protected synchronized void writeRegister(int bar, long offset, int width, long value) {
        switch ((int) offset) {
            case LIMIT -> limit = (int) value;
            case CONTROL -> {
                running = value == 1;
                notifyAll();
            }
            case STATUS -> status &= (int) ~value;
            case LOG_ADDRESS -> logAddress = value;
            case LOG_ENTRIES -> {
                logEntries = (int) value;
                logNext = 0;
            }
            default -> {}
        }
    }

    @Override
    protected synchronized void reset(ResetReason reason) {
        settle();
        limit = Integer.MAX_VALUE;
        running = false;
        status = 0;
        logAddress = 0;
        logEntries = 0;
        logNext = 0;
    }

    @Override
    protected synchronized void suspend(PciPowerState target) {
        asleep = true;
        settle();
    }

    @Override
    protected synchronized void resume(PciPowerState from) {
        asleep = false;
        notifyAll();
        if (status != 0) {
            interrupts().trigger(0); // what happened meanwhile, and reached nobody
        }
    }

    /**
     * Waits until the loop has done what it is at, but not for ever: a driver may not answer. That
     * is a thread's time, not the device's: a test's clock does not shorten it.
     */
    private void settle() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        try {
            for (long left = PATIENCE.toNanos(); busy && left > 0; left = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Somebody presses the button; any thread may say so. */
    public void press() {
        synchronized (this) {
            status |= BUTTON;
        }
        if (!wakeEvent()) {
            interrupts().trigger(0);
        }
    }

    private void loop() {
        try {
            while (true) {
                awaitWork();
                try {
                    sample();
                } finally {
                    workDone();
                }
                Thread.sleep(PERIOD);
            }
        } catch (InterruptedException closed) {
            // The thread ends with the device.
        } finally {
            entry.close();
        }
    }

    private synchronized void awaitWork() throws InterruptedException {
        while (!running || asleep) {
            wait();
        }
        busy = true;
    }

    private synchronized void workDone() {
        busy = false;
        notifyAll();
    }

    private void sample() {
        int temperature = sensor.getAsInt();
        log(temperature);
        alarm(temperature);
    }

    /** DMA: without the lock, since the driver may be in a register access that waits for it. */
    private void log(int temperature) {
        long address;
        int next;
        synchronized (this) {
            if (logEntries <= 0) {
                return;
            }
            next = logNext;
            address = logAddress + 4L * next;
            logNext = (next + 1) % logEntries;
        }
        try {
            entry.putInt(0, temperature);
            dma().write(address, entry, 0, 4);
        } catch (DmaException refused) {
            logFailed();
        }
    }

    private synchronized void logFailed() {
        status |= LOG_FAILED;
        logEntries = 0;
        interrupts().trigger(0);
    }

    private synchronized void alarm(int temperature) {
        if (temperature > limit && (status & TOO_HOT) == 0) {
            status |= TOO_HOT;
            interrupts().trigger(0);
        }
    }

    @Override
    protected void close() {
        loop.interrupt();
    }

    /** Serves one at the socket that is the first argument; each line typed presses its button. */
    public static void main(String[] args) throws IOException {
        try (var events = new EventLoop();
                var server = new VfioUserServer()) {
            IntSupplier room = () -> ThreadLocalRandom.current().nextInt(21_000, 22_000);
            var device = new SleepingThermometer(room);
            server.serve(Path.of(args[0]), new HostedDevice(device, HostOptions.system(events)));
            for (int key = System.in.read(); key >= 0; key = System.in.read()) {
                if (key == '\n') {
                    device.press();
                }
            }
        }
    }
}
