/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PciPowerState;

import java.util.Optional;

/**
 * An emulated PCI function: the class that an author extends.
 *
 * <p>Say what the function has with a {@link PciDescription}, and override what it does: read and
 * write a register, reset, suspend, resume. Everything else of PCI is done here: configuration
 * space and capabilities, memory BARs, interrupt delivery and masking, power states, and the
 * low-power contract.
 *
 * <p><b>Threads.</b> Registers are read and written by one thread at a time, that of the connected
 * client, and never while the device is suspended, suspending or resuming. {@link #suspend} and
 * {@link #resume} never overlap a register access. {@link #reset} can come from another thread (the
 * host side) while a register access runs: a device whose registers depend on each other guards
 * them with a lock of its own. No lock of the framework is held over a register access. Over {@link
 * #suspend}, {@link #resume} and {@link #reset} the device's own turn is, which lets one power
 * transition of it happen at a time: they may wait for threads of the device, but these must not
 * wait for the device to wake.
 */
public abstract class PciDevice {
    private final PciDescription description;
    private Optional<DeviceServices> services = Optional.empty();

    /**
     * A device of the given description.
     *
     * @param description what it has
     */
    protected PciDevice(PciDescription description) {
        this.description = description;
    }

    /**
     * What the device has.
     *
     * @return its description
     */
    public final PciDescription description() {
        return description;
    }

    /**
     * Reads a register of a {@link BarDescription.Backing#REGISTERS} BAR.
     *
     * @param bar the BAR, 0..5
     * @param offset bytes into the BAR, a multiple of {@code width}, within its size
     * @param width 1, 2, 4 or 8 bytes
     * @return the value in the low {@code width} bytes; all ones is what an absent register reads
     */
    protected long readRegister(int bar, long offset, int width) {
        return -1L;
    }

    /**
     * Writes a register of a {@link BarDescription.Backing#REGISTERS} BAR. The client waits until
     * this returns, unless it posted the write.
     *
     * @param bar the BAR, 0..5
     * @param offset bytes into the BAR, a multiple of {@code width}, within its size
     * @param width 1, 2, 4 or 8 bytes
     * @param value the value in the low {@code width} bytes, the rest zero
     */
    protected void writeRegister(int bar, long offset, int width, long value) {}

    /**
     * Brings the registers to their initial values and stops what runs. No interrupt leaves the
     * function meanwhile; what it has raised until this returns is dropped, INTx included.
     *
     * @param reason who asked
     */
    protected void reset(ResetReason reason) {}

    /**
     * The device goes to sleep: park every loop, flush what must not be lost. It cannot refuse. The
     * driver may put a device that sleeps in D1 or D2 deeper; then this is told again.
     *
     * @param target the state it goes to: D1 to D3cold, or D0 for a device without PM capability
     */
    protected void suspend(PciPowerState target) {}

    /**
     * The device is awake again and powered: go on. After D3cold, {@link #reset} with {@link
     * ResetReason#POWER_ON} came first.
     *
     * @param from the state it comes from
     */
    protected void resume(PciPowerState from) {}

    /**
     * The world outside acts on the device, as somebody who presses a button does: what a write of
     * {@code signal} on the host side asks for. It does not wake the device; {@link #wakeEvent}
     * may. Can come from any thread, at any time between the device's start and its {@link #close},
     * also while it is asleep or on its way.
     *
     * @param name what happens
     * @return whether the device knows that
     */
    protected boolean signal(String name) {
        return false;
    }

    /**
     * Whether the device answers again after its power came back, which some need seconds for.
     * Asked after {@link #reset} with {@link ResetReason#POWER_ON} and the delay that follows it,
     * again and again until it does; if it does not within {@link
     * io.vfio4j.power.Delays#readyTimeout}, it is inaccessible until it is suspended and woken
     * again, as if it had been pulled out: configuration space reads all ones, memory is EIO.
     *
     * @return whether it does
     */
    protected boolean ready() {
        return true;
    }

    /** The host is closed for good: end what threads the device has. */
    protected void close() {}

    /**
     * Its interrupts.
     *
     * @return the pins and vectors of the description
     * @throws IllegalStateException before the device is hosted
     */
    protected final Interrupts interrupts() {
        return services().interrupts();
    }

    /**
     * The client's memory.
     *
     * @return what the device can reach by DMA
     * @throws IllegalStateException before the device is hosted
     */
    protected final Dma dma() {
        return services().dma();
    }

    /**
     * The memory behind a BAR.
     *
     * @param bar a {@link BarDescription.Backing#MEMORY} or {@code MAPPABLE} BAR
     * @return its memory, also reachable while the client's mapping faults
     * @throws IllegalStateException before the device is hosted
     * @throws IllegalArgumentException if the BAR is not memory
     */
    protected final BarMemory memory(int bar) {
        return services().memory(bar);
    }

    /**
     * Something happened that the device's driver may want to be woken for (PME). PME_Status is
     * set; a driver that has set PME_En is told by the PME interrupt, as far as its client knows
     * that; and a device that sleeps by the low-power contract wakes. A driver that put the device
     * into D3hot by PMCSR wakes it itself, or does not. Callable from any thread, also from one
     * that {@link #suspend} waits for; never blocks.
     *
     * @return whether the device can do that from its present state, see {@link
     *     PowerManagement#pmeFrom()}; if not, nothing happened
     * @throws IllegalStateException before the device is hosted
     */
    protected final boolean wakeEvent() {
        return services().wakeEvent();
    }

    /**
     * An error of PCI Express happened in the device, or was found by it. It is logged in STATUS,
     * in Device Status and, if the device has Advanced Error Reporting ({@link
     * PciDescription#withAer}), there as well, as PCI Express 6.2 says. Of an uncorrectable error
     * that is not masked the client is told by the ERR interrupt, as vfio-pci tells of it; a VMM
     * usually stops its guest then. Nobody is told outside of D0, and in D3cold nothing is logged.
     * Callable from any thread; never blocks.
     *
     * @param error what happened
     * @param header up to 4 dwords of the packet that was at fault, for the header log; none if
     *     there was none
     * @return whether the client was to be told
     * @throws IllegalStateException before the device is hosted
     * @throws IllegalArgumentException for {@link PciError#ADVISORY_NON_FATAL}, see {@link
     *     #reportAdvisory}
     */
    protected final boolean reportError(PciError error, int... header) {
        if (error == PciError.ADVISORY_NON_FATAL) {
            throw new IllegalArgumentException("an advisory error is of a kind: say which");
        }
        return services().error(error, false, header);
    }

    /**
     * An uncorrectable error that is for the other side to act upon, such as the answer
     * "unsupported request" to a read: logged as an advisory, correctable one unless the driver has
     * made its kind fatal. Otherwise as {@link #reportError}.
     *
     * @param error its kind
     * @param header see {@link #reportError}
     * @return whether the client was to be told, since it is fatal
     * @throws IllegalStateException before the device is hosted
     * @throws IllegalArgumentException if the error is correctable
     */
    protected final boolean reportAdvisory(PciError error, int... header) {
        if (error.correctable()) {
            throw new IllegalArgumentException(error + " is correctable, so there is no advisory");
        }
        return services().error(error, true, header);
    }

    private DeviceServices services() {
        return services.orElseThrow(() ->
                new IllegalStateException(
                        "the device is not hosted yet: give it to a HostedDevice first"));
    }

    /** A device has one host; given twice, its state would be shared by two. */
    final void host(DeviceServices offered) {
        if (services.isPresent()) {
            throw new IllegalStateException("the device is already hosted");
        }
        services = Optional.of(offered);
    }

    /** What a host does for its device. */
    interface DeviceServices {
        Interrupts interrupts();

        Dma dma();

        BarMemory memory(int bar);

        boolean wakeEvent();

        boolean error(PciError error, boolean advisory, int[] header);
    }
}
