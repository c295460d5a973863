/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.models.Edu;
import io.vfio4j.power.BridgePhase;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.HostAttribute;

import org.junit.jupiter.api.Test;

/** A guest's D3hot is the host's sleep, and its D0 the device's return (issue: power). */
class GuestSleepTest {
    @Test
    void shouldLetTheDeviceSleepWhenTheGuestDoes() {
        try (Bridged bridged = new Bridged(new Edu(Delays.ZERO), BridgeOptions.DEFAULTS);
                VfioDevice guest = bridged.open();
                HostSide host = bridged.host()) {
            PciPowerManagement pm = Bridged.pm(guest);
            assertThat(pm.noSoftReset()).isTrue();
            assertThat(pm.pmeFrom()).containsExactly("D3hot");

            Bridged.write(guest, pm, PciPowerState.D3HOT);

            await().untilAsserted(() -> assertThat(host.powerState()).isEqualTo("D3hot"));
            assertThat(host.runtimeStatus().sysfsName()).isEqualTo("suspended");
            assertThat(Bridged.pm(guest).state()).isEqualTo("D3hot");
            assertThat(host.runtimeStatus().sysfsName()).isEqualTo("suspended");

            Bridged.write(guest, pm, PciPowerState.D0);

            assertThat(host.powerState()).isEqualTo("D0");
            assertThat(Bridged.pm(guest).state()).isEqualTo("D0");
            assertThat(host.read(HostAttribute.BRIDGE_WAKES))
                    .isEqualTo("entries 1 guest 1 own 0 foreign 0 failures 0");
            assertThat(host.read(HostAttribute.BRIDGE_STATE)).isEqualTo("awake");
            assertThat(BridgePhase.values()).isNotEmpty();
        }
    }
}
