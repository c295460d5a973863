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
 * A serial port that operating systems have a driver for: a 16550A in a memory BAR, by the identity
 * of an Oxford OXPCIe952 with one UART, of whose further abilities it has none. Linux's {@code
 * 8250_pci}, built into most kernels, makes a tty of it. The line leads back: what is written is
 * read again.
 *
 * <p>In BAR0 the first two dwords say what it is and how many UARTs there are; the UART's
 * registers, a byte each, begin at 0x1000. It interrupts by INTx.
 *
 * <p>Asleep in D3hot it keeps its registers and what is in its FIFOs. On the signal {@value #RING}
 * from outside it notes the ring indicator and signals PME, which it can from D0 and D3hot.
 */
public final class Serial extends PciDevice {
    /** The signal of somebody who rings, see {@link #signal}. */
    public static final String RING = "ring";

    private static final int REGISTERS_SIZE = 16 << 10;
    private static final int SERIAL_16550 = 0x070002;
    private static final int UART = 0x1000;
    private static final int KIND = 0x07000200;

    private final Uart uart = new Uart();

    /** The device, as slow between its power states as the PCI specification lets it be. */
    public Serial() {
        this(Delays.SPEC);
    }

    /**
     * The device with a speed of one's choice.
     *
     * @param delays how long it needs between its power states
     */
    public Serial(Delays delays) {
        super(
                PciDescription.of(new PciIdentity(0x1415, 0xc11b, SERIAL_16550, 0, 0x1af4, 0x1100))
                        .withRegisters(0, REGISTERS_SIZE)
                        .withIntx()
                        .withPower(
                                PowerManagement.downToD3hot()
                                        .withPme(PciPowerState.D0, PciPowerState.D3HOT)
                                        .withDelays(delays)));
    }

    @Override
    protected synchronized long readRegister(int bar, long offset, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | readByte((int) offset + i);
        }
        interrupt();
        return value;
    }

    private int readByte(int offset) {
        if (offset >= UART && offset < UART + Uart.REGISTERS) {
            return uart.read(offset - UART);
        }
        return switch (offset & ~3) {
            case 0 -> KIND >> (8 * offset) & 0xff;
            case 4 -> offset == 4 ? 1 : 0;
            default -> 0;
        };
    }

    @Override
    protected synchronized void writeRegister(int bar, long offset, int width, long value) {
        for (int i = 0; i < width; i++) {
            int at = (int) offset + i - UART;
            if (at >= 0 && at < Uart.REGISTERS) {
                uart.write(at, (int) (value >> (8 * i)) & 0xff);
            }
        }
        interrupt();
    }

    private void interrupt() {
        interrupts().intx(uart.interrupts());
    }

    @Override
    protected synchronized void reset(ResetReason reason) {
        uart.reset();
        interrupt();
    }

    @Override
    protected boolean signal(String name) {
        if (!name.equals(RING)) {
            return false;
        }
        synchronized (this) {
            uart.ring();
            interrupt();
        }
        boolean _ = wakeEvent();
        return true;
    }
}
