/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.Access;
import io.vfio4j.power.DevicePower;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PmCapability;
import io.vfio4j.power.PowerConfig;
import io.vfio4j.power.PowerListener;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioUser;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A {@link PciDevice} with everything that PCI and the low-power contract put around it: what a
 * server serves. It carries out what the power rules decide and passes on to the device what is the
 * device's business.
 *
 * <p>Thread-safe: requests of the one client come through {@link #access}, the host side's through
 * {@link #host}.
 */
public final class HostedDevice implements ServedDevice {
    private final PciDevice model;
    private final PciDescription description;
    private final ConfigSpace config;
    private final Regions regions;
    private final InterruptController interrupts;
    private final PoweredFunction function;
    private final DmaSpace dma;
    private final DevicePower power;
    private final DeviceAccess access;
    private final HostAttributes attributes;
    // The power rules may act before this object is complete: their actions wait for it.
    private final CountDownLatch complete = new CountDownLatch(1);
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean busMaster;

    /**
     * Hosts a device. It is bound as a real one is to vfio-pci: not open, and soon suspended.
     *
     * @param model the device; it has no other host
     * @param options threads, time, and the kernel to be like
     * @throws IllegalStateException if the device has a host already
     */
    public HostedDevice(PciDevice model, HostOptions options) {
        this.model = model;
        description = presented(model.description(), options);
        model.host(new Services());
        config = new ConfigSpace(description, new ConfigOwner());
        interrupts =
                new InterruptController(
                        description,
                        options.profile().dynamicMsix(),
                        options.watcher(),
                        this::intxUnmaskKicked);
        regions = new Regions(model, description, config, interrupts.table());
        function =
                new PoweredFunction(model, description, config, interrupts, regions, this::power);
        dma = new DmaSpace(this::mayMasterBus);
        power =
                DevicePower.bind(
                        powerConfig(options),
                        function,
                        work -> options.scheduler().submit(() -> runWhenComplete(work)),
                        options.clock());
        Features features = new Features(power, options.profile());
        try (Access first = power.access()) {
            access = new DeviceAccess(power, first, regions, interrupts, features, function);
        }
        attributes = new HostAttributes(description, power, config, model::signal);
        complete.countDown();
    }

    private boolean mayMasterBus() {
        return function.inD0() && (busMaster || !description.needsBusMaster());
    }

    private static PciDescription presented(PciDescription declared, HostOptions options) {
        return declared.power().map(options.power()).map(declared::withPower).orElse(declared);
    }

    private void runWhenComplete(Runnable work) {
        try {
            complete.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return;
        }
        work.run();
    }

    private PowerConfig powerConfig(HostOptions options) {
        Optional<PowerManagement> management = description.power();
        PowerConfig base = PowerConfig.DEFAULT.withProfile(options.profile()).withStateKept(true);
        if (management.isEmpty()) {
            return base.withPm(PmCapability.NONE);
        }
        PowerManagement pm = management.get();
        return base.withPm(new PmCapability(true, pm.d1(), pm.d2(), pm.noSoftReset(), pm.pmeFrom()))
                .withPlatformWake(!pm.pmeFrom().isEmpty())
                .withPlatformD3cold(pm.d3cold())
                .withDelays(pm.delays());
    }

    /**
     * What it is.
     *
     * @return the device's own description, but for {@link HostOptions#power}
     */
    public PciDescription description() {
        return description;
    }

    /**
     * Its power: state, counters, listeners.
     *
     * @return the power rules' side of the device
     */
    public DevicePower power() {
        return power;
    }

    @Override
    public DmaSpace dma() {
        return dma;
    }

    @Override
    public boolean signalsPme() {
        return interrupts.count(VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX) > 0;
    }

    /**
     * What sysfs answers for a real device.
     *
     * @param request anything but a watch
     * @return the value, or an errno and a sentence: EINVAL for a value that cannot be, EACCES for
     *     an attribute that cannot be read or written, ENOENT for one that only real devices have,
     *     EIO as sysfs answers it
     */
    @Override
    public HostReply host(HostRequest request) {
        return attributes.handle(request);
    }

    @Override
    public Watch watch(Consumer<HostEvent> listener) {
        PowerListener events =
                (before, after) -> PowerEvents.between(before, after).forEach(listener);
        power.addListener(events);
        return () -> power.removeListener(events);
    }

    /**
     * The awake device, until the access is closed. Blocks while the device wakes.
     *
     * @return the access
     * @throws io.vfio4j.power.PowerException EIO if it does not wake
     */
    @Override
    public DeviceAccess access() {
        return access.with(power.access());
    }

    /**
     * The first open (spec B2): wakes the device, turns memory decoding on.
     *
     * @throws io.vfio4j.power.PowerException the raw errno of a failed resume; EBUSY if it is open
     */
    @Override
    public void open(ServedClient client) {
        power.open(client.bearsFaults());
        dma.connect(client.memory());
        config.enableDecoding();
        // Only now in D0, perhaps, if the last client left it in D3hot and it did not follow.
        interrupts.awake();
    }

    /**
     * The client is gone (spec B3, last close): low power ends without a signal, DMA windows are
     * unmapped, its descriptors closed, what it has mapped faults for good. Registers and memory
     * keep their contents, as the protocol says.
     */
    @Override
    public void lastClose() {
        // Whatever fails, nothing of the client's may stay, and the next one must get in.
        try {
            dma.disconnect();
        } finally {
            try {
                interrupts.disconnect();
                config.disableMessages();
            } finally {
                power.lastClose();
            }
        }
    }

    private void intxUnmaskKicked() {
        power.intxUnmaskKick(interrupts.line()::unmask);
    }

    /**
     * Ends the device: wakes it for the last time (as an unbind does, spec C), lets the model end
     * its threads, gives the memory back. The device should not be open any more; an access that is
     * still under way fails with IllegalStateException. Closing again does nothing.
     */
    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        // Held awake from here on, so that no suspend or resume reaches the model after its close.
        power.host().unbind();
        try {
            model.close();
        } finally {
            regions.close();
        }
    }

    private final class Services implements PciDevice.DeviceServices {
        @Override
        public Interrupts interrupts() {
            return interrupts;
        }

        @Override
        public Dma dma() {
            return dma;
        }

        @Override
        public BarMemory memory(int bar) {
            return regions.memory(bar);
        }

        @Override
        public boolean wakeEvent() {
            return power.wakeEvent();
        }

        @Override
        public boolean error(PciError error, boolean advisory, int[] header) {
            if (power.powerState() == PciPowerState.D3COLD) {
                return false;
            }
            boolean told = config.log(error, advisory, header) && function.inD0();
            if (told) {
                interrupts.error();
            }
            return told;
        }
    }

    private final class ConfigOwner implements ConfigSpace.Owner {
        @Override
        public void commandWritten(int command) {
            busMaster = (command & PciRegs.PCI_COMMAND_MASTER) != 0;
            if (interrupts.line().disable((command & PciRegs.PCI_COMMAND_INTX_DISABLE) != 0)) {
                // The host may have written it to a sleeping device.
                intxUnmaskKicked();
            }
            power.setMemoryEnabled((command & PciRegs.PCI_COMMAND_MEMORY) != 0);
        }

        @Override
        public void pmcsrWritten(int value, int bytes) {
            boolean toD0 = (bytes & 1) != 0 && PciPowerState.ofPmcsrBits(value) == PciPowerState.D0;
            if (toD0 && power.userState() == PciPowerState.D3HOT && !function.keepsContext()) {
                // Gone before the function is back, so that nothing acts on it there; and outside
                // of the power rules' turn, for which a writer of COMMAND may be waiting.
                interrupts.reset(ConfigReset.SOFT);
                config.reset(ConfigReset.SOFT);
            }
            access.writePmcsr(value, bytes);
            // Back in D0 by now, perhaps, and its mappings with it.
            interrupts.awake();
        }

        @Override
        public int pmcsr() {
            return power.pmcsr();
        }

        @Override
        public boolean intxPending() {
            return interrupts.line().asserted();
        }

        @Override
        public void messagesWritten(int msi, int msiMask, int msix) {
            interrupts.messagesWritten(msi, msiMask, msix);
        }

        @Override
        public int msiPending() {
            return interrupts.msiPending();
        }

        @Override
        public void functionLevelReset() {
            // No interrupt until the model has been reset, though the masks go with the registers,
            // and with bus mastering off first: nothing of the function may reach memory any more.
            interrupts.leaveD0();
            interrupts.reset(ConfigReset.FUNCTION_LEVEL);
            config.reset(ConfigReset.FUNCTION_LEVEL);
            access.reset();
        }
    }
}
