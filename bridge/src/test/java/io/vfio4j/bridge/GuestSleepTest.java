/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.MappedBar;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;

/** A guest's D3hot is the host's sleep, and its D0 the device's return. */
@Timeout(30)
class GuestSleepTest {
    @Test
    void shouldLetTheDeviceSleepWhenTheGuestDoes() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            assertThat(bridged.sleeps()).isFalse();

            guest.sleep();

            bridged.awaitAsleep();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D3HOT);
            assertThat(guest.pm().state()).isEqualTo("D3hot");
            assertThat(bridged.wakes()).isEqualTo("entries 1 guest 0 own 0 foreign 0 failures 0");

            guest.wake();

            assertThat(bridged.sleeps()).as("before the write was answered").isFalse();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D0);
            assertThat(bridged.state()).isEqualTo("awake");
            assertThat(guest.pm().state()).isEqualTo("D0");
            assertThat(bridged.wakes()).isEqualTo("entries 1 guest 1 own 0 foreign 0 failures 0");
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldSleepByEachKindOfEntry(SleepEntry by) {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().entry(by));
                Guest guest = new Guest(bridged)) {
            guest.register(0x10, 4711);
            guest.sleep();

            bridged.awaitState("asleep");
            if (by == SleepEntry.PMCSR) {
                assertThat(bridged.behind.power().userState()).isEqualTo(PciPowerState.D3HOT);
                assertThat(bridged.sleeps()).as("the kernel keeps it awake").isFalse();
            } else {
                bridged.awaitAsleep();
            }
            guest.wake();

            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D0);
            assertThat(guest.register(0x10)).isEqualTo(4711);
            assertThat(guest.pm().state()).isEqualTo("D0");
        }
    }

    /** D3cold only where the guest was not promised that its device keeps its context. */
    @Test
    void shouldSleepInD3coldIfTheOperatorWantsThat() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().deep());
                Guest guest = new Guest(bridged)) {
            guest.sleep();

            bridged.awaitAsleep();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D3COLD);
            guest.wake();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D0);
        }
    }

    /** Linux looks for PME_Status once a second. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldNotWakeTheDeviceWhenTheGuestLooks(boolean deep) {
        Wanted wanted = deep ? Wanted.bridge().deep() : Wanted.bridge();
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Guest guest = new Guest(bridged)) {
            byte[] before = configOf(guest);
            guest.sleep();
            bridged.awaitAsleep();
            Duration awake = bridged.behind.power().activeTime();

            byte[] asleep = configOf(guest);
            for (int i = 0; i < 100; i++) {
                assertThat(guest.device.readShort(Bridged.CONFIG, guest.pmcsrOffset()) & 3)
                        .isEqualTo(3);
            }

            assertThat(bridged.behind.power().activeTime()).isEqualTo(awake);
            assertThat(bridged.sleeps()).isTrue();
            assertThat(bridged.wakes()).isEqualTo("entries 1 guest 0 own 0 foreign 0 failures 0");
            asleep[guest.pmcsrOffset()] = before[guest.pmcsrOffset()];
            assertThat(asleep).as("all else is as it was").isEqualTo(before);
        }
    }

    private static byte[] configOf(Guest guest) {
        byte[] bytes = new byte[(int) guest.device.region(Bridged.CONFIG).size()];
        guest.device.read(Bridged.CONFIG, 0, bytes, 0, bytes.length);
        return bytes;
    }

    @Test
    void shouldDecodeNoMemoryInD3hot() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();

            assertRefused(Errno.EIO, () -> guest.register(0));
            assertRefused(Errno.EIO, () -> guest.register(0, 1));
            assertRefused(Errno.EINVAL, () -> guest.register(Puppet.SIZE));
            assertThat(bridged.sleeps()).isTrue();
        }
    }

    private static void assertRefused(Errno errno, Runnable access) {
        assertThatThrownBy(access::run)
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(errno));
    }

    @Test
    void shouldGiveTheGuestItsRegistersAndItsMemoryBack() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged);
                MappedBar mapped = guest.device.map(Puppet.MAPPABLE)) {
            int bar = guest.device.readInt(Bridged.CONFIG, PciRegs.PCI_BASE_ADDRESS_0) & ~0xf;
            guest.device.writeInt(Bridged.CONFIG, PciRegs.PCI_BASE_ADDRESS_0, 0xfe000000 | bar);
            guest.device.writeShort(Bridged.CONFIG, PciRegs.PCI_COMMAND, (short) 6);
            guest.register(0x20, 0x600d);
            mapped.putInt(0x30, 0xbeef);

            guest.sleep();
            bridged.awaitAsleep();
            guest.wake();

            assertThat(guest.register(0x20)).isEqualTo(0x600d);
            assertThat(mapped.getInt(0x30)).as("the same mapping").isEqualTo(0xbeef);
            assertThat(guest.device.readShort(Bridged.CONFIG, PciRegs.PCI_COMMAND))
                    .isEqualTo((short) 6);
            assertThat(guest.device.readInt(Bridged.CONFIG, PciRegs.PCI_BASE_ADDRESS_0) & ~0xf)
                    .isEqualTo(0xfe000000 | bar);
        }
    }

    /** What must reach the device wakes it; after a pause it may sleep on. */
    @Test
    void shouldWakeTheDeviceForAWriteThatItMustHearOfAndLetItSleepOn() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();

            guest.device.writeByte(Bridged.CONFIG, PciRegs.PCI_INTERRUPT_LINE, (byte) 11);

            assertThat(guest.pm().state()).isEqualTo("D3hot");
            bridged.awaitAsleep();
            assertThat(bridged.wakes()).isEqualTo("entries 2 guest 0 own 1 foreign 0 failures 0");
            assertThat(guest.device.readByte(Bridged.CONFIG, PciRegs.PCI_INTERRUPT_LINE))
                    .as("from the copy")
                    .isEqualTo((byte) 11);
            assertThat(bridged.sleeps()).isTrue();
        }
    }

    /** Also what stands beside PMCSR, in the same write. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void shouldSleepOnceForAWriteOfAnyWidth(int width) {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            byte[] d3hot = new byte[width];
            guest.device.read(Bridged.CONFIG, guest.pmcsrOffset(), d3hot, 0, width);
            d3hot[0] |= 3;
            guest.device.write(Bridged.CONFIG, guest.pmcsrOffset(), d3hot, 0, width);

            bridged.awaitAsleep();
            assertThat(bridged.wakes()).isEqualTo("entries 1 guest 0 own 0 foreign 0 failures 0");

            d3hot[0] &= ~3;
            guest.device.write(Bridged.CONFIG, guest.pmcsrOffset(), d3hot, 0, width);

            assertThat(bridged.wakes()).isEqualTo("entries 1 guest 1 own 0 foreign 0 failures 0");
            assertThat(guest.pm().state()).isEqualTo("D0");
        }
    }

    @Test
    void shouldShowWhatWasWrittenToExtendedConfigurationSpaceWhileAsleep() {
        try (Bridged bridged =
                        new Bridged(new Puppet(Puppet.DESCRIPTION.withAer()), Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            int mask = 0x100 + PciRegs.PCI_ERR_COR_MASK;
            int before = guest.device.readInt(Bridged.CONFIG, mask);
            guest.device.writeInt(Bridged.CONFIG, mask, before ^ 1);
            assertThat(guest.device.readInt(Bridged.CONFIG, mask)).isEqualTo(before ^ 1);

            guest.sleep();
            bridged.awaitAsleep();

            assertThat(guest.device.readInt(Bridged.CONFIG, mask)).isEqualTo(before ^ 1);
            assertThat(bridged.sleeps()).isTrue();
        }
    }

    @Test
    void shouldDoTheSameAgainAndAgain() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            for (int i = 1; i <= 50; i++) {
                guest.register(0, i);
                guest.sleep();
                guest.wake();
                assertThat(guest.register(0)).isEqualTo(i);
            }
            assertThat(bridged.wakes()).isEqualTo("entries 50 guest 50 own 0 foreign 0 failures 0");
        }
    }

    /** A reset is what a VMM does to a guest that is rebooted, in whatever state. */
    @Test
    void shouldBeAwakeInD0AfterAReset() {
        var puppet = new Puppet();
        try (Bridged bridged = new Bridged(puppet, Wanted.bridge());
                Guest guest = new Guest(bridged)) {
            guest.register(0, 1);
            guest.sleep();
            bridged.awaitAsleep();
            int resets = puppet.resets.get();

            guest.device.reset();

            assertThat(puppet.resets.get()).isEqualTo(resets + 1);
            assertThat(guest.pm().state()).isEqualTo("D0");
            assertThat(guest.register(0)).isZero();
            assertThat(bridged.state()).isEqualTo("awake");
        }
    }

    /** Its client is the host of its own device: the bridge stands aside. */
    @Test
    void shouldLeaveThePowerToAClientThatManagesItItself() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged);
                HostSide host = bridged.host()) {
            guest.sleep();
            bridged.awaitAsleep();

            guest.device.enterLowPower();

            assertThat(bridged.state()).isEqualTo("awake");
            assertThat(guest.pm().state()).as("of the device itself").isEqualTo("D0");
            Bridged.soon().until(bridged::sleeps);
            guest.device.exitLowPower();
            assertThat(host.runtimeStatus().sysfsName()).isEqualTo("active");
        }
    }
}
