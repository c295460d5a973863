/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Duration;

/**
 * A device that does not come back from low power as it should: its VMM has an error in time and
 * lives on, the operator is told what to do, and the device is kept awake until told otherwise.
 */
@Timeout(30)
class LostDeviceTest {
    /** Longer than a healthy wake takes here, on a slow machine. */
    private static final Duration PATIENCE = Duration.ofMillis(400);

    private static final int EIO = Errno.EIO.number();

    private final LogLines log = new LogLines();
    private final Puppet puppet = new Puppet();

    @AfterEach
    void stop() {
        puppet.letGo();
        log.close();
    }

    private static Wanted impatient() {
        return Wanted.bridge().wakeTimeout(PATIENCE);
    }

    private void assertTold(String what) {
        Bridged.soon()
                .untilAsserted(() ->
                        assertThat(log.lines())
                                .anyMatch(line ->
                                        (line.startsWith("WARNING") || line.startsWith("SEVERE"))
                                                && line.contains(what)));
    }

    private static void awaitAsleep(Bridged bridged, SleepEntry by) {
        bridged.awaitState("asleep");
        if (by != SleepEntry.PMCSR) {
            bridged.awaitAsleep();
        }
    }

    private static void assertHeldAwake(Bridged bridged) {
        assertThat(bridged.locked()).startsWith("1 ");
        assertThat(bridged.behind.power().host().isControlOn()).isTrue();
    }

    private static void assertEio(Runnable access) {
        assertThatThrownBy(access::run)
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(Errno.EIO));
    }

    /** How it fails. */
    enum How {
        /** Its power-up does not make it answer: configuration space reads all ones. */
        ALL_ONES,
        /** Its resume fails: EIO. */
        FAILS
    }

    private void fail(How how) {
        switch (how) {
            case ALL_ONES -> puppet.ready(false);
            case FAILS -> puppet.wakes(false);
        }
    }

    private void mend() {
        puppet.ready(true);
        puppet.wakes(true);
    }

    @ParameterizedTest
    @CsvSource({
        "ALL_ONES, WAKEUP, all ones",
        "ALL_ONES, PLAIN,  all ones",
        "FAILS,    WAKEUP, EIO",
        "FAILS,    PLAIN,  EIO",
        "FAILS,    PMCSR,  stays in D3hot"
    })
    void shouldTellTheGuestAndTheOperatorThatTheDeviceIsLost(How how, SleepEntry by, String why) {
        try (Bridged bridged = new Bridged(puppet, impatient().deep().entry(by));
                Guest guest = new Guest(bridged)) {
            guest.enablePme();
            guest.sleep();
            awaitAsleep(bridged, by);
            fail(how);

            long asked = System.nanoTime();
            assertEio(guest::wake);

            assertThat(Duration.ofNanos(System.nanoTime() - asked))
                    .isLessThan(PATIENCE.plusSeconds(3));
            assertThat(bridged.state()).isEqualTo("lost");
            assertThat(guest.config(0)).as("as from an empty slot").isEqualTo(-1);
            assertHeldAwake(bridged);
            assertTold("did not come back from low power");
            assertTold("bridge/locked is written 0");
            assertThat(bridged.locked()).contains(why);
            assertThat(bridged.wakes()).endsWith("failures 1");
        }
    }

    /** The session goes on: everything is answered at once, with an error or all ones. */
    @Test
    void shouldAnswerEverythingWhileTheDeviceIsLost() {
        try (Bridged bridged = new Bridged(puppet, impatient().deep().byMessage());
                Vmm vmm = new Vmm(bridged.socket())) {
            assertThat(vmm.map(0x1000, 0x1000, 1)).isZero();
            assertThat(vmm.d3hot()).isZero();
            assertThat(vmm.pmcsr() & 3).isEqualTo(3);
            bridged.awaitAsleep();
            fail(How.ALL_ONES);
            assertThat(vmm.d0()).isEqualTo(EIO);

            long start = System.nanoTime();
            assertThat(vmm.pmcsr()).isEqualTo(0xffff);
            assertThat(vmm.load(Bridged.CONFIG, 0, 4)).isEqualTo(-1);
            assertThat(vmm.read(Puppet.REGISTERS, 0, 4).done()).isEqualTo(EIO);
            assertThat(vmm.write(Puppet.REGISTERS, 0, new byte[4])).isEqualTo(EIO);
            assertThat(vmm.write(Bridged.CONFIG, PciRegs.PCI_COMMAND, new byte[2])).isEqualTo(EIO);
            assertThat(vmm.interrupts(0x21, 0, 0, 0, new byte[0])).isEqualTo(EIO);
            assertThat(vmm.reset()).isEqualTo(EIO);
            assertThat(vmm.feature(8, 5 | 1 << 17, new byte[0])).isEqualTo(EIO);
            assertThat(vmm.info()).isZero();
            assertThat(vmm.map(0x4000, 0x1000, 1)).isZero();
            assertThat(vmm.unmap(0x1000, 0x4000)).isZero();
            assertThat(vmm.d3hot()).as("where it is").isZero();

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
            assertThat(bridged.state()).isEqualTo("lost");
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldGiveTheGuestItsDeviceOnceItIsBack(SleepEntry by) {
        try (Bridged bridged = new Bridged(puppet, impatient().deep().entry(by));
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            awaitAsleep(bridged, by);
            fail(How.FAILS);
            assertEio(guest::wake);
            assertEio(guest::wake);
            assertThat(bridged.wakes()).endsWith("failures 2");

            mend();
            guest.wake();

            assertThat(guest.pm().state()).isEqualTo("D0");
            assertThat(bridged.state()).isEqualTo("awake");
            guest.register(0, 99);
            assertThat(guest.register(0)).isEqualTo(99);
            bridged.lock(false);
            guest.sleep();
            bridged.awaitState("asleep");
            guest.wake();
            assertThat(bridged.behind.power().powerState()).isEqualTo(PciPowerState.D0);
        }
    }

    /** Nobody is given a device that is not there; what helps is in the log. */
    @Test
    void shouldRefuseTheNextClientUntilTheDeviceIsBack() {
        try (Bridged bridged = new Bridged(puppet, impatient().deep())) {
            try (Guest guest = new Guest(bridged)) {
                guest.sleep();
                bridged.awaitAsleep();
                fail(How.ALL_ONES);
                assertEio(guest::wake);
            }
            bridged.awaitState("closed");
            assertHeldAwake(bridged);
            int descriptors = Fd.openCount();

            assertThatThrownBy(() -> new Vmm(bridged.socket()))
                    .isInstanceOfSatisfying(
                            Vmm.Refused.class,
                            refused -> assertThat(refused.errno).isEqualTo(Errno.ENODEV.number()));
            assertTold("reads all ones");
            Bridged.soon().until(() -> Fd.openCount() <= descriptors);

            // It misses no second power-up.
            mend();
            bridged.lock(false);
            Bridged.soon().until(bridged::sleeps);
            try (Guest next = new Guest(bridged)) {
                next.sleep();
                bridged.awaitAsleep();
                next.wake();
                next.register(0, 6);
                assertThat(next.register(0)).isEqualTo(6);
            }
        }
    }

    /** It is trusted again only when somebody has looked. */
    @Test
    void shouldNotLetItSleepAgainBeforeTheOperatorSaysSo() {
        try (Bridged bridged = new Bridged(puppet, impatient());
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();
            fail(How.FAILS);
            assertEio(guest::wake);
            mend();
            guest.wake();

            guest.sleep();
            assertThat(bridged.state()).isEqualTo("awake");
            assertHeldAwake(bridged);
            guest.wake();

            bridged.lock(false);
            assertThat(bridged.behind.power().host().isControlOn()).isFalse();
            guest.sleep();
            bridged.awaitAsleep();
        }
    }

    /** Also the next client's guest sleeps no more, but it has its device. */
    @Test
    void shouldServeTheNextClientTheDeviceThatIsBack() {
        try (Bridged bridged = new Bridged(puppet, impatient())) {
            try (Guest guest = new Guest(bridged)) {
                guest.sleep();
                bridged.awaitAsleep();
                fail(How.FAILS);
                assertEio(guest::wake);
            }
            mend();
            bridged.awaitState("closed");
            try (Guest next = new Guest(bridged)) {
                next.register(0, 5);
                assertThat(next.register(0)).isEqualTo(5);
                next.sleep();
                assertThat(bridged.state()).isEqualTo("awake");
                assertThat(bridged.locked()).startsWith("1 ");
            }
        }
    }

    /** Unlocking is a try as well: it says whether it worked. */
    @Test
    void shouldTryAgainWhenItIsUnlocked() {
        try (Bridged bridged = new Bridged(puppet, impatient());
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();
            fail(How.FAILS);
            assertEio(guest::wake);

            assertThatThrownBy(() -> bridged.lock(false)).hasMessageContaining("does not wake");
            assertThat(bridged.state()).isEqualTo("lost");
            assertThat(bridged.locked()).startsWith("1 ");

            mend();
            bridged.lock(false);
            assertThat(bridged.locked()).isEqualTo("0");
            guest.wake();
            assertThat(guest.pm().state()).isEqualTo("D0");
        }
    }

    /** QEMU waits 5 s for an answer: it has one before, and the device when it is there. */
    @Test
    void shouldNotHaveTheGuestWaitForAWakeThatTakesTooLong() {
        try (Bridged bridged = new Bridged(puppet, impatient());
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();
            puppet.hold();

            long asked = System.nanoTime();
            assertEio(guest::wake);
            assertThat(Duration.ofNanos(System.nanoTime() - asked))
                    .isBetween(PATIENCE, PATIENCE.plusSeconds(3));
            assertTold("--wake-timeout");
            assertThat(bridged.state()).isEqualTo("waking");
            assertThat(guest.pm().state()).as("from the copy").isEqualTo("D3hot");

            puppet.letGo();

            bridged.awaitState("awake");
            Bridged.soon().until(() -> guest.pm().state().equals("D0"));
            assertTold("its wake took");
            assertHeldAwake(bridged);
            guest.register(0, 3);
            assertThat(guest.register(0)).isEqualTo(3);
        }
    }

    /** A client that leaves in the middle of a wake leaves nothing behind. */
    @Test
    void shouldBeThereForTheNextClientWhenOneLeavesDuringALongWake() {
        try (Bridged bridged = new Bridged(puppet, impatient())) {
            try (Guest guest = new Guest(bridged)) {
                guest.sleep();
                bridged.awaitAsleep();
                puppet.hold();
                assertEio(guest::wake);
            }
            puppet.letGo();
            bridged.awaitState("closed");
            bridged.lock(false);
            try (Guest next = new Guest(bridged)) {
                assertThat(next.pm().state()).isEqualTo("D0");
                next.sleep();
                bridged.awaitAsleep();
                next.wake();
            }
        }
    }

    /** The device's server is gone while the device sleeps. */
    @Test
    void shouldSurviveTheLossOfTheConnectionBehind() {
        try (Bridged bridged = new Bridged(puppet, impatient().byMessage())) {
            try (Vmm vmm = new Vmm(bridged.socket())) {
                assertThat(vmm.d3hot()).isZero();
                assertThat(vmm.pmcsr() & 3).isEqualTo(3);
                bridged.awaitState("asleep");
                bridged.unplug();

                assertThat(vmm.d0()).isEqualTo(EIO);

                assertThat(bridged.state()).isEqualTo("lost");
                assertThat(bridged.locked()).startsWith("1 ");
                assertTold("did not come back from low power");
                assertThat(vmm.pmcsr() & 3).isEqualTo(3);
                assertThat(vmm.reset()).isEqualTo(EIO);
                assertThat(vmm.hungUpOn()).isFalse();
            }
            bridged.awaitState("closed");
            assertThatThrownBy(() -> new Guest(bridged)).isInstanceOf(VfioException.class);

            bridged.plug(new Puppet());

            try (Guest next = new Guest(bridged)) {
                next.register(0, 8);
                assertThat(next.register(0)).isEqualTo(8);
                bridged.lock(false);
                next.sleep();
                bridged.awaitAsleep();
                next.wake();
                try (HostSide host = bridged.host()) {
                    assertThat(host.d3coldAllowed()).as("forbidden anew").isFalse();
                }
            }
        }
    }

    /** And while it is in use. */
    @Test
    void shouldRefuseWhatCannotReachTheDeviceAnyMore() {
        try (Bridged bridged = new Bridged(puppet, impatient())) {
            try (Vmm vmm = new Vmm(bridged.socket())) {
                bridged.unplug();

                assertThat(vmm.read(Puppet.REGISTERS, 0, 4).done()).isNotZero();
                assertThat(vmm.read(Bridged.CONFIG, 0, 4).done()).isNotZero();
                assertThat(vmm.write(Puppet.REGISTERS, 0, new byte[4])).isNotZero();
                assertThat(vmm.reset()).isNotZero();
                assertThat(vmm.interrupts(0x21, 0, 0, 0, new byte[0])).isNotZero();
                assertThat(vmm.info()).isZero();
                assertThat(vmm.map(0x1000, 0x1000, 1)).isZero();
                assertThat(vmm.d3hot()).as("the guest has its D3hot, the device no sleep").isZero();
                assertThat(vmm.hungUpOn()).isFalse();
            }
            bridged.plug(new Puppet());
            bridged.awaitState("closed");
            try (Guest next = new Guest(bridged)) {
                assertThat(next.register(0)).isZero();
            }
        }
    }

    /** Woken by others and not there: the guest hears of it when it asks for its device. */
    @Test
    void shouldNoticeThatAForeignWakeHasLostTheDevice() {
        try (Bridged bridged = new Bridged(puppet, impatient().deep());
                Guest guest = new Guest(bridged);
                HostSide host = bridged.host()) {
            guest.sleep();
            bridged.awaitAsleep();
            fail(How.ALL_ONES);

            host.readConfig(0, 4);

            bridged.awaitState("lost");
            assertHeldAwake(bridged);
            assertEio(guest::wake);
        }
    }
}
