/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;

/** A device with a fake device layer, a manual workqueue and a manual clock. */
final class DeviceUnderTest {
    static final PowerConfig D3HOT = PowerConfig.DEFAULT;
    static final PowerConfig D3COLD = PowerConfig.DEFAULT.withPlatformD3cold(true);
    static final PowerConfig ALL_STATES =
            PowerConfig.DEFAULT.withPm(
                    new PmCapability(
                            true,
                            true,
                            true,
                            true,
                            Set.of(PciPowerState.D3HOT, PciPowerState.D3COLD)));

    final PowerConfig config;
    final RecordingActions actions = new RecordingActions();
    final ManualScheduler queue = new ManualScheduler();
    final ManualClock clock = new ManualClock();
    final DevicePower power;
    final RecordingWakeup oldWakeup = new RecordingWakeup();
    final RecordingWakeup newWakeup = new RecordingWakeup();

    DeviceUnderTest(PowerConfig config) {
        this.config = config;
        this.power = DevicePower.bind(config, actions, queue, clock);
    }

    private DeviceUnderTest(PowerConfig config, DevicePower parent) {
        this.config = config;
        this.power = DevicePower.bind(config, actions, queue, clock, parent);
    }

    /** A child, bound and awake. */
    static DeviceUnderTest bindBelow(DeviceUnderTest parent) {
        return bindBelow(parent, D3HOT);
    }

    static DeviceUnderTest bindBelow(DeviceUnderTest parent, PowerConfig config) {
        return new DeviceUnderTest(config, parent.power);
    }

    /** Bound, settled, open, memory enabled, workqueue empty. */
    static DeviceUnderTest open(PowerConfig config) {
        DeviceUnderTest device = new DeviceUnderTest(config);
        device.queue.drain();
        device.power.open(true);
        device.power.setMemoryEnabled(true);
        device.queue.drain();
        device.actions.log.clear();
        return device;
    }

    /** The same, brought into a state of the contract, with {@code oldWakeup} if it is a W. */
    static DeviceUnderTest in(ContractState state, PowerConfig config) {
        DeviceUnderTest device = open(config);
        switch (state) {
            case OFF -> {}
            case N_A, N_S -> device.enter();
            case W_A, W_S -> device.enter(device.oldWakeup);
        }
        if (state == ContractState.N_S || state == ContractState.W_S) {
            device.queue.drain();
        }
        assertThat(device.power.contractState()).isEqualTo(state);
        device.actions.log.clear();
        return device;
    }

    void enter() {
        try (Access access = power.access()) {
            access.enterLowPower();
        }
    }

    void enter(Wakeup wakeup) {
        try (Access access = power.access()) {
            access.enterLowPower(wakeup);
        }
    }

    void exit() {
        try (Access access = power.access()) {
            access.exitLowPower();
        }
    }

    /** Any request that does nothing but wake. */
    void touch() {
        try (Access _ = power.access()) {
            // Nothing: what the hot path does.
        }
    }

    PciPowerState writePmcsr(PciPowerState requested) {
        try (Access access = power.access()) {
            return access.writePmcsr(requested);
        }
    }

    long wakes() {
        return actions.count("resume ");
    }
}
