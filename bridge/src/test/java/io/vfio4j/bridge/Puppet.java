/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.device.ResetReason;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A device that wakes, or does not, as the test says. BAR0 is 4 KiB of registers that keep what is
 * written until a reset, BAR2 64 KiB that can be mapped; it has INTx, MSI-X in BAR4, and PME from
 * D0, D3hot and D3cold.
 */
final class Puppet extends PciDevice {
    static final int REGISTERS = 0;
    static final int MAPPABLE = 2;
    static final int SIZE = 4096;
    static final int MAPPABLE_SIZE = 64 << 10;

    static final PciDescription DESCRIPTION =
            PciDescription.of(PciIdentity.of(0x1234, 0x5678, 0xff0000))
                    .withRegisters(REGISTERS, SIZE)
                    .withMappableMemory(MAPPABLE, MAPPABLE_SIZE)
                    .withIntx()
                    .withMsix(4, 4)
                    .withPower(
                            PowerManagement.downToD3cold()
                                    .withDelays(Delays.ZERO)
                                    .withPme(
                                            PciPowerState.D0,
                                            PciPowerState.D3HOT,
                                            PciPowerState.D3COLD));

    final AtomicInteger resets = new AtomicInteger();
    private final Memory registers = Memory.allocate(SIZE);
    private volatile boolean ready = true;
    private volatile boolean awakes = true;
    private volatile Optional<CountDownLatch> strings = Optional.empty();

    Puppet() {
        super(DESCRIPTION);
    }

    Puppet(PciDescription description) {
        super(description);
    }

    /** From now on it does not answer after power-up, or does again. */
    void ready(boolean answers) {
        ready = answers;
    }

    /** From now on its wakes fail, or work again. */
    void wakes(boolean work) {
        awakes = work;
    }

    /** From now on its wakes take until {@link #letGo}. */
    void hold() {
        strings = Optional.of(new CountDownLatch(1));
    }

    /** Ends that. */
    void letGo() {
        strings.ifPresent(CountDownLatch::countDown);
        strings = Optional.empty();
    }

    /** Something happens that a driver may want to be woken for. */
    void event() {
        boolean _ = wakeEvent();
    }

    void raise(boolean level) {
        interrupts().intx(level);
    }

    @Override
    protected synchronized long readRegister(int bar, long offset, int width) {
        return switch (width) {
            case 1 -> registers.getByte(offset);
            case 2 -> registers.getShort(offset);
            case 4 -> registers.getInt(offset);
            default -> registers.getLong(offset);
        };
    }

    @Override
    protected synchronized void writeRegister(int bar, long offset, int width, long value) {
        switch (width) {
            case 1 -> registers.putByte(offset, (byte) value);
            case 2 -> registers.putShort(offset, (short) value);
            case 4 -> registers.putInt(offset, (int) value);
            default -> registers.putLong(offset, value);
        }
    }

    @Override
    protected synchronized void reset(ResetReason reason) {
        resets.incrementAndGet();
        registers.fill(0, SIZE, (byte) 0);
    }

    @Override
    protected void resume(PciPowerState from) {
        strings.ifPresent(Puppet::await);
        if (!awakes) {
            throw new IllegalStateException("the model does not wake, for the test");
        }
    }

    private static void await(CountDownLatch cut) {
        try {
            cut.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    protected boolean ready() {
        return ready;
    }

    @Override
    protected void close() {
        letGo();
    }
}
