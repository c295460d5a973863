/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.device.ResetReason;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;

/**
 * A device to learn from, with the registers of QEMU's classic of that name, so that what is
 * written for that one works here: an identification, a liveness check, a factorial, interrupts
 * that are raised and acknowledged by register, and a DMA engine with a buffer of its own. New are
 * a memory BAR that can be mapped, MSI-X, and power: a PM capability, and a platform that can
 * switch the device off.
 *
 * <table>
 * <caption>BAR0, 1 MiB of little-endian registers; below 0x80 they are 4 bytes wide, from there on 4
 *     or 8</caption>
 * <tr><td>0x00</td><td>RO</td><td>identification, 0x010000ed</td></tr>
 * <tr><td>0x04</td><td>RW</td><td>liveness: reads the complement of what was written</td></tr>
 * <tr><td>0x08</td><td>RW</td><td>factorial: write n, read n! (modulo 2^32)</td></tr>
 * <tr><td>0x20</td><td>RW</td><td>status: 0x80, interrupt (1) when a factorial is ready</td></tr>
 * <tr><td>0x24</td><td>RO</td><td>interrupt status</td></tr>
 * <tr><td>0x60</td><td>WO</td><td>raise: the bits are added to the interrupt status</td></tr>
 * <tr><td>0x64</td><td>WO</td><td>acknowledge: the bits are taken out of the status</td></tr>
 * <tr><td>0x80</td><td>RW</td><td>DMA source</td></tr>
 * <tr><td>0x88</td><td>RW</td><td>DMA destination</td></tr>
 * <tr><td>0x90</td><td>RW</td><td>DMA count, bytes</td></tr>
 * <tr><td>0x98</td><td>RW</td><td>DMA command: 1 start (reads 1 while it runs), 2 to memory instead
 *     of from it, 4 interrupt (0x100) when done; reads 8 if the last transfer failed</td></tr>
 * <tr><td>0x40000</td><td>-</td><td>the DMA buffer, 4 KiB, an address for the DMA registers
 *     only</td></tr>
 * </table>
 *
 * <p>BAR2 is 64 KiB of memory, BAR4 holds MSI-X. An interrupt is INTx as long as no message is
 * enabled; as a message, raising bit n uses vector n modulo 4.
 *
 * <p>It can signal PME from D0, D3hot and D3cold, for which it draws 55 mA of auxiliary power.
 * Nothing in it ever does: the host side causes a wake event, by writing {@code wake} to {@code
 * signal}.
 *
 * <p>In D3cold the registers lose their values; the memory of BAR2 keeps its contents, as if it
 * were refreshed by auxiliary power.
 */
public final class Edu extends PciDevice {
    /** BAR2's size, bytes. */
    public static final int MEMORY_SIZE = 64 << 10;

    private static final int REGISTERS_SIZE = 1 << 20;
    private static final int VECTORS = 4;
    private static final long SERIAL_NUMBER = 0x0000_00ff_fe00_0edcL;
    private static final int IDENTIFICATION = 0x010000ed;
    private static final int AUX_CURRENT = 55;
    private static final int STATUS_INTERRUPT = 0x80;
    private static final int FACTORIAL_DONE = 0x1;
    private static final int DMA_DONE = 0x100;

    private final EduDma engine;
    private int liveness;
    private int factorial;
    private int status;
    private int interruptStatus;
    private boolean asleep;

    // Raised by a transfer that ended late, when no message could be sent any more.
    private int late;

    /** The device, as slow between its power states as the PCI specification lets it be. */
    public Edu() {
        this(Delays.SPEC);
    }

    /**
     * The device with a speed of one's choice.
     *
     * @param delays how long it needs between its power states
     */
    public Edu(Delays delays) {
        super(
                PciDescription.of(new PciIdentity(0x1234, 0x11e8, 0x00ff00, 0x10, 0x1af4, 0x1100))
                        .withRegisters(0, REGISTERS_SIZE)
                        .withMappableMemory(2, MEMORY_SIZE)
                        .withIntx()
                        .withMsix(VECTORS, 4)
                        .withAer()
                        .withSerialNumber(SERIAL_NUMBER)
                        .withPower(
                                PowerManagement.downToD3cold()
                                        .withDelays(delays)
                                        .withPme(
                                                PciPowerState.D0,
                                                PciPowerState.D3HOT,
                                                PciPowerState.D3COLD)
                                        .withAuxCurrent(AUX_CURRENT)));
        engine = new EduDma(this, this::dma, () -> raise(DMA_DONE));
    }

    @Override
    protected synchronized long readRegister(int bar, long offset, int width) {
        if (offset >= EduDma.FIRST_REGISTER) {
            return engine.read(offset, width);
        }
        if (width != Integer.BYTES) {
            return -1;
        }
        return switch ((int) offset) {
            case 0x00 -> IDENTIFICATION;
            case 0x04 -> liveness;
            case 0x08 -> factorial;
            case 0x20 -> status;
            case 0x24 -> interruptStatus;
            default -> -1;
        };
    }

    @Override
    protected synchronized void writeRegister(int bar, long offset, int width, long value) {
        if (offset >= EduDma.FIRST_REGISTER) {
            engine.write(offset, width, value);
        } else if (width == Integer.BYTES) {
            write((int) offset, (int) value);
        }
    }

    private void write(int register, int value) {
        switch (register) {
            case 0x04 -> liveness = ~value;
            case 0x08 -> {
                factorial = factorial(value);
                if ((status & STATUS_INTERRUPT) != 0) {
                    raise(FACTORIAL_DONE);
                }
            }
            case 0x20 -> status = value & STATUS_INTERRUPT;
            case 0x60 -> raise(value);
            case 0x64 -> acknowledge(value);
            default -> {
                // What is not a register is not written, as in QEMU's.
            }
        }
    }

    /** 34! is the first that is 0 modulo 2^32, so no driver can make this long. */
    private static int factorial(int n) {
        int product = 1;
        for (int i = 2; Integer.compareUnsigned(i, n) <= 0 && product != 0; i++) {
            product *= i;
        }
        return product;
    }

    private synchronized void raise(int bits) {
        interruptStatus |= bits;
        if (interruptStatus == 0) {
            return;
        }
        if (asleep) {
            // A message that is refused now is no sign that the driver wants the line.
            late |= bits;
            return;
        }
        int vector = bits == 0 ? 0 : Integer.numberOfTrailingZeros(bits) % VECTORS;
        if (!interrupts().message(vector)) {
            interrupts().intx(true);
        }
    }

    private void acknowledge(int bits) {
        interruptStatus &= ~bits;
        if (interruptStatus == 0) {
            interrupts().intx(false);
        }
    }

    @Override
    protected synchronized void reset(ResetReason reason) {
        liveness = 0;
        factorial = 0;
        status = 0;
        interruptStatus = 0;
        late = 0;
        // A transfer may have raised it since the framework took the line down.
        interrupts().intx(false);
        engine.reset();
    }

    @Override
    protected void suspend(PciPowerState target) {
        engine.park();
        synchronized (this) {
            asleep = true;
        }
    }

    @Override
    protected synchronized void resume(PciPowerState from) {
        asleep = false;
        if (late != 0) {
            int bits = late;
            late = 0;
            raise(bits);
        }
    }

    @Override
    protected void close() {
        engine.close();
    }
}
