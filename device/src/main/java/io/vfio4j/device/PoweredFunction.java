/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.DevicePower;
import io.vfio4j.power.MappingView;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PowerActions;
import io.vfio4j.power.RuntimeStatus;

import java.lang.System.Logger.Level;
import java.util.function.Supplier;

/**
 * Carries out on a function what the power rules decide (spec B3): the model is told, registers are
 * reset, interrupts wait, mappings fault.
 */
final class PoweredFunction implements PowerActions {
    private static final System.Logger LOG = System.getLogger(PoweredFunction.class.getName());

    private final PciDevice model;
    private final PciDescription description;
    private final ConfigSpace config;
    private final InterruptController interrupts;
    private final Regions regions;
    private final Supplier<DevicePower> power;
    private volatile boolean inD0 = true;

    /**
     * A function in D0.
     *
     * @param power who decides; asked for only while carrying something out
     */
    PoweredFunction(
            PciDevice model,
            PciDescription description,
            ConfigSpace config,
            InterruptController interrupts,
            Regions regions,
            Supplier<DevicePower> power) {
        this.model = model;
        this.description = description;
        this.config = config;
        this.interrupts = interrupts;
        this.regions = regions;
        this.power = power;
    }

    /** What decides on DMA and on who answers: D0, and a model that has followed there. */
    boolean inD0() {
        return inD0;
    }

    /** Whether registers outlive D3hot (No_Soft_Reset). */
    boolean keepsContext() {
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
     * Then the client's mappings show the device awake only after this, so interrupts wait until
     * the write has been carried out; not for its reply, which is sent later. In the contract's
     * resume they wait for nothing but the INTx mask, which comes off last (spec B3).
     */
    private boolean wokenByPmcsr() {
        return power.get().state().status() == RuntimeStatus.ACTIVE;
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
            reset(ResetReason.POWER_ON);
        } else if (from == PciPowerState.D3HOT && !keepsContext()) {
            reset(ResetReason.SOFT_RESET);
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
        regions.show(view);
    }

    @Override
    public void pmeAsserted() {
        interrupts.powerManagementEvent();
    }

    @Override
    public void reset() {
        interrupts.leaveD0();
        try {
            reset(ResetReason.FUNCTION);
            // Also where a model had refused to wake; not where there is no power.
            inD0 = power.get().powerState() != PciPowerState.D3COLD;
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
        regions.renew();
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
