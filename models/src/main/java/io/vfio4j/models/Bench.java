/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.device.DmaException;
import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.device.ResetReason;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Delays;

/**
 * A device to measure servers with: any vfio-user client can drive it, without writing COMMAND.
 *
 * <p>BAR0 is 4 MiB of plain memory, reached by messages only. BAR2 is 4 KiB of little-endian
 * registers:
 *
 * <table>
 * <caption>BAR2</caption>
 * <tr><td>0x00</td><td>u64</td><td>dma_iova</td><td>where DMA goes</td></tr>
 * <tr><td>0x08</td><td>u32</td><td>dma_len</td><td>bytes a message, 1 to 1 MiB</td></tr>
 * <tr><td>0x0c</td><td>u32</td><td>dma_count</td><td>messages a command</td></tr>
 * <tr><td>0x10</td><td>u32</td><td>cmd</td><td>1: send DMA_READ, 2: DMA_WRITE; the reply to the
 *     write comes when all are done</td></tr>
 * <tr><td>0x14</td><td>u32</td><td>irq</td><td>any write triggers vector 0</td></tr>
 * <tr><td>0x18</td><td>u64</td><td>last_ns</td><td>how long the last command took</td></tr>
 * <tr><td>0x20</td><td>s64</td><td>status</td><td>of the last command: 0 or -errno</td></tr>
 * </table>
 */
public final class Bench extends PciDevice {
    /** BAR0's size, bytes. */
    public static final int MEMORY_SIZE = 4 << 20;

    /** The most that one message of a command carries, bytes. */
    public static final int MAX_DMA = 1 << 20;

    private static final int REGISTERS_SIZE = 4096;
    private static final int IOVA = 0x00;
    private static final int LENGTH = 0x08;
    private static final int COUNT = 0x0c;
    private static final int COMMAND = 0x10;
    private static final int IRQ = 0x14;
    private static final int LAST_NS = 0x18;
    private static final int STATUS = 0x20;
    private static final int READ = 1;
    private static final int WRITE = 2;

    private final Memory registers = Memory.allocate(REGISTERS_SIZE);
    private final Memory buffer = Memory.allocate(MAX_DMA);

    /** The device, without delays between its power states. */
    public Bench() {
        this(Delays.ZERO);
    }

    /**
     * The device with a speed of one's choice.
     *
     * @param delays how long it needs between its power states
     */
    public Bench(Delays delays) {
        super(
                PciDescription.of(PciIdentity.of(0x1234, 0xbe4c, 0xff0000))
                        .withMemory(0, MEMORY_SIZE)
                        .withRegisters(2, REGISTERS_SIZE)
                        .withIntx()
                        .withMsi(1)
                        .withMsix(1, 4)
                        .withoutBusMaster()
                        .withPower(PowerManagement.downToD3hot().withDelays(delays)));
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
        if (offset >= LAST_NS) {
            return;
        }
        switch (width) {
            case 1 -> registers.putByte(offset, (byte) value);
            case 2 -> registers.putShort(offset, (short) value);
            case 4 -> registers.putInt(offset, (int) value);
            default -> registers.putLong(offset, value);
        }
        if (offset <= COMMAND && offset + width > COMMAND) {
            command(registers.getInt(COMMAND));
        }
        if (offset <= IRQ && offset + width > IRQ) {
            interrupts().trigger(0);
        }
    }

    private void command(int command) {
        int length = registers.getInt(LENGTH);
        int count = registers.getInt(COUNT);
        long status = 0;
        long start = System.nanoTime();
        if ((command != READ && command != WRITE) || length < 1 || length > MAX_DMA || count < 0) {
            status = -Errno.EINVAL.number();
        } else {
            try {
                transfer(command, registers.getLong(IOVA), length, count);
            } catch (DmaException failed) {
                status = -failed.errno().number();
            }
        }
        registers.putLong(LAST_NS, System.nanoTime() - start);
        registers.putLong(STATUS, status);
    }

    private void transfer(int command, long iova, int length, int count) {
        for (int i = 0; i < count; i++) {
            if (command == READ) {
                dma().readByMessage(iova, buffer, 0, length);
            } else {
                dma().writeByMessage(iova, buffer, 0, length);
            }
        }
    }

    @Override
    protected void reset(ResetReason reason) {
        registers.fill(0, REGISTERS_SIZE, (byte) 0);
    }

    @Override
    protected void close() {
        registers.close();
        buffer.close();
    }
}
