/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.ResetReason;

import java.time.Duration;
import java.util.function.IntSupplier;

/** The thermometer with an alarm: it looks by itself, and interrupts when it is too hot. */
public final class AlarmThermometer extends PciDevice {
    private static final int TEMPERATURE = 0x00; // RO, thousandths of a degree
    private static final int LIMIT = 0x04; // RW, the alarm's
    private static final int CONTROL = 0x08; // RW, 1: look 100 times a second
    private static final int STATUS = 0x0c; // RW, write 1 to clear
    private static final int TOO_HOT = 1;
    private static final Duration PERIOD = Duration.ofMillis(10);

    private final IntSupplier sensor;
    private final Thread loop;
    private int limit = Integer.MAX_VALUE;
    private boolean running;
    private int status;

    /** A thermometer on a sensor. */
    public AlarmThermometer(IntSupplier sensor) {
        super(
                PciDescription.of(PciIdentity.of(0x1234, 0x7e31, 0xff0000))
                        .withRegisters(0, 4096)
                        .withMsix(1, 2));
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
            default -> {}
        }
    }

    @Override
    protected synchronized void reset(ResetReason reason) {
        limit = Integer.MAX_VALUE;
        running = false;
        status = 0;
    }

    private void loop() {
        try {
            while (true) {
                awaitWork();
                sample();
                Thread.sleep(PERIOD);
            }
        } catch (InterruptedException closed) {
            // The thread ends with the device.
        }
    }

    private synchronized void awaitWork() throws InterruptedException {
        while (!running) {
            wait();
        }
    }

    private synchronized void sample() {
        if (sensor.getAsInt() > limit && (status & TOO_HOT) == 0) {
            status |= TOO_HOT;
            interrupts().trigger(0);
        }
    }

    @Override
    protected void close() {
        loop.interrupt();
    }
}
