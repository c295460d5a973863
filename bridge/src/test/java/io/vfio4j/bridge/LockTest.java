/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.SleepEntry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An operator keeps the device awake by bridge/locked, whatever the guest wants. */
@Timeout(30)
class LockTest {
    @ParameterizedTest
    @EnumSource
    void shouldWakeTheDeviceAndKeepItAwakeUntilItIsUnlocked(SleepEntry by) {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().entry(by));
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitState("asleep");

            bridged.lock(true);

            assertThat(bridged.locked()).isEqualTo("1 the operator asked for it");
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D0);
            assertThat(bridged.behind.power().host().isControlOn()).isTrue();
            assertThat(guest.pm().state()).isEqualTo("D3hot");
            guest.wake();
            guest.sleep();
            assertThat(bridged.state()).isEqualTo("awake");
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D0);

            bridged.lock(false);

            assertThat(bridged.locked()).isEqualTo("0");
            assertThat(bridged.behind.power().host().isControlOn()).isFalse();
            bridged.awaitState("asleep");
            guest.wake();
            assertThat(bridged.state()).isEqualTo("awake");
        }
    }

    @Test
    void shouldHoldBetweenClientsToo() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge())) {
            bridged.lock(true);
            Bridged.soon().until(() -> !bridged.sleeps());

            try (Guest guest = new Guest(bridged)) {
                guest.sleep();
                assertThat(bridged.state()).isEqualTo("awake");
            }
            bridged.awaitState("closed");
            assertThat(bridged.locked()).startsWith("1");
            assertThat(bridged.sleeps()).isFalse();

            bridged.lock(false);
            Bridged.soon().until(bridged::sleeps);
        }
    }

    /** What the host had awake before the bridge came is not the bridge's to let go. */
    @Test
    void shouldLeaveToTheHostWhatTheHostHasAwake() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                HostSide host = bridged.host()) {
            host.setControl(RuntimeControl.ON);

            bridged.lock(true);
            bridged.lock(false);

            assertThat(host.control()).isEqualTo(RuntimeControl.ON);
        }
    }

    @Test
    void shouldBeUndoneWhenTheBridgeEnds() {
        var bridged = new Bridged(new Puppet(), Wanted.bridge());
        try (bridged) {
            bridged.lock(true);
            bridged.bridge.close();

            assertThat(bridged.behind.power().host().isControlOn()).isFalse();
        }
    }
}
