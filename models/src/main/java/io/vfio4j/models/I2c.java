/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.device.PciDescription;
import io.vfio4j.device.PciDevice;
import io.vfio4j.device.PciIdentity;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.device.ResetReason;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;

import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An I2C controller that operating systems have a driver for: a Synopsys DesignWare APB I2C master
 * behind PCI, by the identity of an Intel Elkhart Lake one. Linux's {@code i2c-designware-pci}
 * binds to it and lets it fall asleep by itself whenever the bus is not used.
 *
 * <p>BAR0 has the controller's registers, 4 bytes wide each. It interrupts by MSI or, if that is
 * not enabled, by INTx. On its bus are two EEPROMs, erased at first: at 0x50 a 24C02 (256 bytes, a
 * word address of one byte, pages of 8) and at 0x54 a 24C32 (4 KiB, two bytes, pages of 32). They
 * have a supply of their own: no reset and no power state changes what they hold.
 *
 * <p>Asleep in D3hot it keeps its registers, its FIFOs and, its clock held low, even a transfer
 * that it was in the middle of; the byte that is on the bus is finished first. Its thread does
 * nothing until it is awake again. In D3cold, and on a reset, the transfer is given up.
 *
 * <p>It can signal PME from D0, D3hot and D3cold, and does so on the signal {@value #ALERT} from
 * outside.
 */
public final class I2c extends PciDevice {
    /** The signal that wakes, see {@link #signal}. */
    public static final String ALERT = "alert";

    private static final int REGISTERS_SIZE = 4096;
    private static final int SERIAL_BUS = 0x0c8000;

    private final I2cEvents events = new I2cEvents();
    private final I2cMaster master;
    private final I2cRegisters registers;
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("i2c bus").factory());
    private boolean asleep;

    /** The device, as slow between its power states as the PCI specification lets it be. */
    public I2c() {
        this(Delays.SPEC);
    }

    /**
     * The device with a speed of one's choice.
     *
     * @param delays how long it needs between its power states
     */
    public I2c(Delays delays) {
        this(delays, new I2cBus(Map.of(0x50, Eeprom.of24c02(), 0x54, Eeprom.of24c32())));
    }

    I2c(Delays delays, I2cBus bus) {
        super(
                PciDescription.of(new PciIdentity(0x8086, 0x4bb9, SERIAL_BUS, 0x11, 0x1af4, 0x1100))
                        .withRegisters(0, REGISTERS_SIZE)
                        .withIntx()
                        .withMsi(1)
                        .withPower(
                                PowerManagement.downToD3cold()
                                        .withPme(
                                                PciPowerState.D0,
                                                PciPowerState.D3HOT,
                                                PciPowerState.D3COLD)
                                        .withDelays(delays)));
        master = new I2cMaster(this, bus, thread, events, this::changed);
        registers = new I2cRegisters(master, events);
    }

    @Override
    protected synchronized long readRegister(int bar, long offset, int width) {
        if (width != Integer.BYTES) {
            return -1;
        }
        int value = registers.read((int) offset);
        changed();
        return value;
    }

    @Override
    protected synchronized void writeRegister(int bar, long offset, int width, long value) {
        if (width == Integer.BYTES) {
            registers.write((int) offset, (int) value);
            changed();
        }
    }

    /**
     * Interrupts as the registers say now. The line is a level. A message is sent for each event,
     * whether or not the one before it has been dealt with: a driver that reads the FIFO while it
     * fills would otherwise wait for a message that the level it left behind does not send.
     *
     * <p>Asleep nothing is told: a message that is refused then is no sign that the driver wants
     * the line. The device tells when it is awake.
     */
    private void changed() {
        registers.follow();
        boolean news = events.takeNews();
        if (events.status() == 0) {
            interrupts().intx(false);
        } else if (news && !asleep && !interrupts().message(0)) {
            interrupts().intx(true);
        }
    }

    @Override
    protected synchronized void reset(ResetReason reason) {
        registers.reset();
        // The bus may have raised it since the framework took the line down.
        changed();
    }

    @Override
    protected synchronized void suspend(PciPowerState target) {
        master.park();
        asleep = true;
    }

    @Override
    protected synchronized void resume(PciPowerState from) {
        asleep = false;
        master.resume();
        // What happened while it fell asleep was not told.
        events.renew();
        changed();
    }

    /**
     * The signal {@value #ALERT} is a target that pulls SMBALERT#. The controller has no register
     * for that, it is a wake event only, possible in every power state that the device has. What
     * comes of it is the driver's side's to decide: where PME is not enabled, PME_Status is all.
     *
     * @return whether it is {@value #ALERT}, whatever came of it
     */
    @Override
    protected boolean signal(String name) {
        if (!name.equals(ALERT)) {
            return false;
        }
        boolean _ = wakeEvent();
        return true;
    }

    @Override
    protected synchronized void close() {
        master.park();
        thread.shutdown();
    }
}
