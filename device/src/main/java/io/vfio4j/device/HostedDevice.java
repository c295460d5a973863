/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.Access;
import io.vfio4j.power.DevicePower;
import io.vfio4j.power.MappingView;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PmCapability;
import io.vfio4j.power.PowerActions;
import io.vfio4j.power.PowerConfig;
import io.vfio4j.power.PowerListener;
import io.vfio4j.power.RuntimeStatus;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioUser;

import java.lang.System.Logger.Level;
import java.util.Arrays;
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
    private static final System.Logger LOG = System.getLogger(HostedDevice.class.getName());

    private final PciDevice model;
    private final PciDescription description;
    private final ConfigSpace config;
    private final Region[] regions = new Region[VfioPci.VFIO_PCI_NUM_REGIONS];
    private final InterruptController interrupts;
    private final DmaSpace dma;
    private final DevicePower power;
    private final DeviceAccess access;
    private final HostAttributes attributes;
    // The power rules may act before this object is complete: their actions wait for it.
    private final CountDownLatch complete = new CountDownLatch(1);
    private final AtomicBoolean closed = new AtomicBoolean();
    // What decides on DMA and on who answers: D0, and a model that has followed there.
    private volatile boolean inD0 = true;
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
        dma = new DmaSpace(() -> inD0 && (busMaster || !description.needsBusMaster()));
        fillRegions();
        power =
                DevicePower.bind(
                        powerConfig(options),
                        new Actions(),
                        work -> options.scheduler().submit(() -> runWhenComplete(work)),
                        options.clock());
        Features features = new Features(power, options.profile());
        try (Access first = power.access()) {
            access = new DeviceAccess(power, first, regions, interrupts, features, () -> inD0);
        }
        attributes = new HostAttributes(description, power, config, model::signal);
        complete.countDown();
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

    private void fillRegions() {
        Arrays.fill(regions, AbsentRegion.ABSENT);
        regions[VfioPci.VFIO_PCI_CONFIG_REGION_INDEX] = config;
        try {
            description.bars().forEach(bar -> regions[bar.index()] = behind(bar));
        } catch (RuntimeException | Error noMemory) {
            freeRegions();
            throw noMemory;
        }
    }

    private Region behind(BarDescription bar) {
        return switch (bar.backing()) {
            case REGISTERS -> new RegisterRegion(model, bar);
            case MEMORY -> new PlainMemory(bar.size());
            case MSIX -> interrupts.table();
            case MAPPABLE -> new MappableMemory("vfio4j-bar" + bar.index(), bar.size());
        };
    }

    /** One that fails keeps none of the others from it. */
    private void forEachMappable(Consumer<MappableMemory> what) {
        Optional<RuntimeException> failed = Optional.empty();
        for (Region region : regions) {
            if (region instanceof MappableMemory memory) {
                try {
                    what.accept(memory);
                } catch (RuntimeException e) {
                    failed = Optional.of(e);
                }
            }
        }
        if (failed.isPresent()) {
            throw failed.get();
        }
    }

    private void freeRegions() {
        for (Region region : regions) {
            if (region instanceof PlainMemory memory) {
                memory.close();
            } else if (region instanceof MappableMemory memory) {
                memory.close();
            }
        }
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

    private boolean keepsContext() {
        return description.power().map(PowerManagement::noSoftReset).orElse(true);
    }

    private boolean hasAuxiliaryPower() {
        return description.power().map(PowerManagement::hasAuxiliaryPower).orElse(false);
    }

    /**
     * No interrupt may leave meanwhile, that is {@link InterruptController#leaveD0} comes first:
     * what the model's threads still raise of what was before is dropped once it has been reset.
     */
    private void reset(ResetReason reason) {
        ConfigReset what =
                reason == ResetReason.POWER_ON && !hasAuxiliaryPower()
                        ? ConfigReset.RESTORED_POWER
                        : ConfigReset.RESTORED;
        config.reset(what);
        try {
            model.reset(reason);
        } finally {
            interrupts.reset(what);
        }
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
            freeRegions();
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
            if (bar >= 0 && bar < regions.length && regions[bar] instanceof BarMemory memory) {
                return memory;
            }
            throw new IllegalArgumentException("BAR %d is not memory".formatted(bar));
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
            boolean told = config.log(error, advisory, header) && inD0;
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
            if (toD0 && power.userState() == PciPowerState.D3HOT && !keepsContext()) {
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

    /** Carries out what the power rules decide (spec B3). */
    private final class Actions implements PowerActions {
        @Override
        public void suspend(PciPowerState target) {
            model.suspend(target);
        }

        @Override
        public void resume(PciPowerState from) {
            inD0 = true;
            interrupts.enterD0();
            try {
                model.resume(from);
            } catch (RuntimeException | Error stillAsleep) {
                inD0 = false;
                interrupts.leaveD0();
                throw stillAsleep;
            }
            if (!wokenByPmcsr()) {
                interrupts.awake();
            }
        }

        /**
         * Then the client's mappings show the device awake only after this, so interrupts wait
         * until the write has been carried out; not for its reply, which is sent later. In the
         * contract's resume they wait for nothing but the INTx mask, which comes off last (spec
         * B3).
         */
        private boolean wokenByPmcsr() {
            return power.state().status() == RuntimeStatus.ACTIVE;
        }

        /** Back in D0 it is only when the model has been told, which comes after the delay. */
        @Override
        public void setPowerState(PciPowerState from, PciPowerState to) {
            if (to != PciPowerState.D0) {
                inD0 = false;
                interrupts.leaveD0();
                return;
            }
            if (from == PciPowerState.D3COLD) {
                HostedDevice.this.reset(ResetReason.POWER_ON);
            } else if (from == PciPowerState.D3HOT && !keepsContext()) {
                HostedDevice.this.reset(ResetReason.SOFT_RESET);
            }
        }

        @Override
        public boolean ready() {
            return model.ready();
        }

        @Override
        public boolean maskIntx() {
            return interrupts.line().mask();
        }

        @Override
        public void unmaskIntx() {
            interrupts.line().unmask();
        }

        @Override
        public void showMappings(MappingView view) {
            forEachMappable(memory -> memory.show(view));
        }

        @Override
        public void pmeAsserted() {
            interrupts.powerManagementEvent();
        }

        @Override
        public void reset() {
            interrupts.leaveD0();
            try {
                HostedDevice.this.reset(ResetReason.FUNCTION);
                // Also where a model had refused to wake; not where there is no power.
                inD0 = power.powerState() != PciPowerState.D3COLD;
            } finally {
                if (inD0) {
                    interrupts.enterD0();
                }
                interrupts.awake();
            }
        }

        @Override
        public void tearDown() {
            // For the next client, if this one left it in D3hot.
            interrupts.awake();
            forEachMappable(MappableMemory::renew);
        }

        @Override
        public void requestRelease() {
            interrupts.request();
        }

        @Override
        public void warn(String message) {
            LOG.log(Level.WARNING, message);
        }
    }
}
