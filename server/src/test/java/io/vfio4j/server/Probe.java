/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.DmaException;
import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.device.ResetReason;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * A device made for tests. BAR0 is scratch registers, some of which act when they are written:
 *
 * <pre>
 * 0x100 u64 where to do DMA    0x108 u32 bytes    0x10c u32 how often
 * 0x110 u32 1 read, 2 write, within the register write; 3 and 4 the same on the device's thread
 * 0x118 s64 0 or -errno of the last    0x120 u32 how many transfers have ended
 * 0x200 u32 a message to send          0x204 u32 the level of INTx
 * 0x300 u32 waits for a permit         0x304 u32 throws
 * </pre>
 *
 * BAR1 is 2 MiB of memory, BAR2 64 KiB that can be mapped, BAR4 MSI-X.
 */
final class Probe extends PciDevice {
    static final int IOVA = 0x100;
    static final int LENGTH = 0x108;
    static final int TIMES = 0x10c;
    static final int GO = 0x110;
    static final int STATUS = 0x118;
    static final int ENDED = 0x120;
    static final int MESSAGE = 0x200;
    static final int LEVEL = 0x204;
    static final int WAIT = 0x300;
    static final int THROW = 0x304;

    static final int READ_HERE = 1;
    static final int WRITE_HERE = 2;
    static final int READ_THERE = 3;
    static final int WRITE_THERE = 4;

    static final PciDescription DESCRIPTION =
            PciDescription.of(PciIdentity.of(0x1234, 0x9999, 0xff0000))
                    .withRegisters(0, 4096)
                    .withMemory(1, 2 << 20)
                    .withMappableMemory(2, 64 << 10)
                    .withIntx()
                    .withMsi(1)
                    .withMsix(32, 4)
                    .withoutBusMaster()
                    .withPower(PowerManagement.downToD3cold().withDelays(Delays.ZERO));

    final Semaphore permits = new Semaphore(0);
    final Memory buffer = Memory.allocate(2 << 20);
    private final Memory registers = Memory.allocate(4096);
    private final List<String> power = Collections.synchronizedList(new ArrayList<>());
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("probe dma").factory());

    Probe() {
        super(DESCRIPTION);
    }

    Probe(PciDescription description) {
        super(description);
    }

    /** Every suspend, resume and reset since this was last asked. */
    List<String> power() {
        synchronized (power) {
            List<String> copy = List.copyOf(power);
            power.clear();
            return copy;
        }
    }

    void interrupt(int vector) {
        interrupts().message(vector);
    }

    @Override
    protected long readRegister(int bar, long offset, int width) {
        return switch (width) {
            case 1 -> registers.getByte(offset);
            case 2 -> registers.getShort(offset);
            case 4 -> registers.getInt(offset);
            default -> registers.getLong(offset);
        };
    }

    @Override
    protected void writeRegister(int bar, long offset, int width, long value) {
        switch (width) {
            case 1 -> registers.putByte(offset, (byte) value);
            case 2 -> registers.putShort(offset, (short) value);
            case 4 -> registers.putInt(offset, (int) value);
            default -> registers.putLong(offset, value);
        }
        switch ((int) offset) {
            case GO -> go((int) value);
            case MESSAGE -> interrupts().message((int) value);
            case LEVEL -> interrupts().intx(value != 0);
            case WAIT -> permits.acquireUninterruptibly();
            case THROW -> throw new IllegalStateException("the model is broken");
            default -> {
                // Scratch.
            }
        }
    }

    private void go(int what) {
        if (what == READ_HERE || what == WRITE_HERE) {
            transfer(what == READ_HERE);
        } else {
            thread.execute(() -> transfer(what == READ_THERE));
        }
    }

    private void transfer(boolean read) {
        long iova = registers.getLong(IOVA);
        int length = registers.getInt(LENGTH);
        long status = length >= 0 && length <= buffer.size() ? 0 : -Errno.EINVAL.number();
        try {
            for (int i = registers.getInt(TIMES); i > 0 && status == 0; i--) {
                if (read) {
                    dma().read(iova, buffer, 0, length);
                } else {
                    dma().write(iova, buffer, 0, length);
                }
            }
        } catch (DmaException failed) {
            status = -failed.errno().number();
        }
        registers.putLong(STATUS, status);
        registers.putInt(ENDED, registers.getInt(ENDED) + 1);
    }

    int ended() {
        return registers.getInt(ENDED);
    }

    long status() {
        return registers.getLong(STATUS);
    }

    @Override
    protected void reset(ResetReason reason) {
        power.add("reset " + reason);
    }

    @Override
    protected void suspend(PciPowerState target) {
        power.add("suspend " + target.sysfsName());
    }

    @Override
    protected void resume(PciPowerState from) {
        power.add("resume " + from.sysfsName());
    }

    @Override
    protected void close() {
        permits.release(1000);
        thread.shutdownNow();
        registers.close();
        buffer.close();
    }
}
