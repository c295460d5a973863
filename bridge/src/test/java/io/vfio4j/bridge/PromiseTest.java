/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciPowerManagement;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.PowerManagement;
import io.vfio4j.linux.Errno;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.function.UnaryOperator;

/** A guest that reads No_Soft_Reset=1 relies on its context surviving D3hot. */
@Timeout(30)
class PromiseTest {
    private static boolean d3coldAllowed(Bridged bridged) {
        return bridged.behind.power().host().isD3coldAllowed();
    }

    private static String promise(Bridged bridged) {
        try (HostSide host = bridged.host()) {
            return host.read(HostAttribute.BRIDGE_PROMISE);
        }
    }

    @Test
    void shouldKeepThePromiseByKeepingTheHostAtD3hot() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged);
                HostSide host = bridged.host()) {
            assertThat(guest.pm().noSoftReset()).isTrue();
            assertThat(promise(bridged)).startsWith("No_Soft_Reset=1 is shown").contains("--deep");
            assertThat(d3coldAllowed(bridged)).isFalse();
            assertThatThrownBy(() -> host.setD3coldAllowed(true))
                    .isInstanceOfSatisfying(
                            VfioException.class,
                            refused -> assertThat(refused.errno()).isEqualTo(Errno.EBUSY))
                    .hasMessageContaining("--deep");
            host.setD3coldAllowed(false);

            guest.register(0, 42);
            guest.sleep();
            bridged.awaitAsleep();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D3HOT);
            guest.wake();
            assertThat(guest.register(0)).isEqualTo(42);
        }
    }

    /** And a guest that was promised nothing restores its device itself. */
    @Test
    void shouldPromiseNothingWhereTheHostMayGoDeeper() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().deep());
                Guest guest = new Guest(bridged);
                HostSide host = bridged.host()) {
            assertThat(guest.pm().noSoftReset()).isFalse();
            assertThat(promise(bridged)).startsWith("No_Soft_Reset=0 is shown").contains("--deep");

            guest.register(0, 42);
            guest.sleep();
            bridged.awaitAsleep();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D3COLD);
            guest.wake();
            assertThat(guest.register(0)).as("lost in D3cold, as was said").isZero();

            host.setD3coldAllowed(false);
            guest.sleep();
            bridged.awaitAsleep();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D3HOT);
        }
    }

    @Test
    void shouldLoseNothingForADeviceThatForgetsInD3hot() {
        try (Bridged bridged =
                        new Bridged(
                                new Puppet(),
                                Wanted.bridge().options(),
                                PowerManagement::withSoftReset);
                Guest guest = new Guest(bridged)) {
            assertThat(guest.pm().noSoftReset()).isFalse();
            assertThat(d3coldAllowed(bridged)).as("the host does as it did").isTrue();
            guest.sleep();
            bridged.awaitAsleep();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D3COLD);
        }
    }

    /** It wakes as configuration space of a kernel's device does, not as hardware's. */
    @Test
    void shouldGiveConfigurationSpaceBackThoughThePromiseIsOff() {
        try (Bridged bridged =
                        new Bridged(
                                new Puppet(),
                                Wanted.bridge().deep().options(),
                                PowerManagement::withSoftReset);
                Guest guest = new Guest(bridged)) {
            guest.device.writeShort(Bridged.CONFIG, PciRegs.PCI_COMMAND, (short) 6);
            guest.sleep();
            bridged.awaitAsleep();
            guest.wake();

            assertThat(guest.device.readShort(Bridged.CONFIG, PciRegs.PCI_COMMAND))
                    .isEqualTo((short) 6);
        }
    }

    @Test
    void shouldHideD1AndD2() {
        UnaryOperator<PowerManagement> all =
                pm -> pm.withD1AndD2().withPme(PciPowerState.D0, PciPowerState.values());
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().deep().options(), all);
                Guest guest = new Guest(bridged)) {
            PciPowerManagement pm = guest.pm();
            assertThat(pm.d1()).isFalse();
            assertThat(pm.d2()).isFalse();
            assertThat(pm.pmeFrom()).containsExactly("D3hot", "D3cold");

            for (int state : new int[] {1, 2}) {
                guest.device.writeByte(Bridged.CONFIG, guest.pmcsrOffset(), (byte) state);
                assertThat(guest.pm().state()).isEqualTo("D0");
                assertThat(bridged.state()).isEqualTo("awake");
            }
        }
    }

    @Test
    void shouldGiveTheHostBackWhatItHad() {
        var bridged = new Bridged(new Puppet(), Wanted.bridge());
        try (bridged) {
            assertThat(d3coldAllowed(bridged)).isFalse();
            bridged.bridge.close();
            assertThat(d3coldAllowed(bridged)).isTrue();
        }
    }

    /** Also if there is no bridge after all. */
    @Test
    void shouldGiveItBackWhenTheBridgeIsRefused() {
        Duration tooShort = Duration.ofNanos(500);
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().deep())) {
            assertThat(d3coldAllowed(bridged)).isTrue();

            assertThatThrownBy(() -> bridged.another(Wanted.bridge().wakeTimeout(tooShort)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("wake timeout");

            assertThat(d3coldAllowed(bridged)).isTrue();
        }
    }

    /** Without a PM capability there is nothing to promise, and no guest asks for D3hot. */
    @Test
    void shouldPassOnADeviceWithoutPowerManagement() {
        var plain =
                io.vfio4j.device.PciDescription.of(
                                io.vfio4j.device.PciIdentity.of(0x1234, 0x5678, 0xff0000))
                        .withRegisters(Puppet.REGISTERS, Puppet.SIZE)
                        .withMappableMemory(Puppet.MAPPABLE, Puppet.MAPPABLE_SIZE);
        for (SleepEntry by : SleepEntry.values()) {
            try (Bridged bridged = new Bridged(new Puppet(plain), Wanted.bridge().entry(by));
                    var device = bridged.open()) {
                assertThat(io.vfio4j.client.PciConfig.of(device).powerManagement()).isEmpty();
                device.writeInt(Puppet.REGISTERS, 0, 7);
                assertThat(device.readInt(Puppet.REGISTERS, 0)).isEqualTo(7);
                device.enterLowPower();
                Bridged.soon().until(bridged::sleeps);
                assertThat(device.readInt(Puppet.REGISTERS, 0)).isEqualTo(7);
            }
        }
    }
}
