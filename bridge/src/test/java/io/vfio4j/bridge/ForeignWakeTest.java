/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PmeEvent;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.power.Reentry;
import io.vfio4j.power.SleepEntry;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.function.BiConsumer;

/** A wake that the guest did not cause: who is told, and what follows (spec C, J). */
@Timeout(30)
class ForeignWakeTest {
    private static final Duration NEVER = Duration.ofHours(1);

    /** Who wakes it. */
    enum By {
        /** The host wants it awake. */
        CONTROL((bridged, host) -> host.setControl(RuntimeControl.ON)),
        /** The host reads configuration space, as lspci does: D3cold must end for that. */
        CONFIG((bridged, host) -> host.readConfig(0, 4)),
        /** The host resets it. */
        RESET((bridged, host) -> host.resetFunction()),
        /** The device itself, by PME. */
        EVENT((bridged, host) -> host.wakeEvent());

        // None of them has a state.
        @SuppressWarnings("ImmutableEnumChecker")
        private final BiConsumer<Bridged, HostSide> act;

        By(BiConsumer<Bridged, HostSide> act) {
            this.act = act;
        }

        void wakes(Bridged bridged) {
            try (HostSide host = bridged.host()) {
                act.accept(bridged, host);
            }
            Bridged.soon().untilAsserted(() -> assertThat(bridged.wakes()).contains("foreign 1"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldTellAGuestThatWantsToKnow(By by) {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().deep());
                Guest guest = new Guest(bridged);
                PmeEvent pme = PmeEvent.of(guest.device)) {
            guest.enablePme();
            guest.sleep();
            bridged.awaitAsleep();
            assertThat(guest.pm().pmeEnabled()).isTrue();
            assertThat(guest.pm().pmeStatus()).isFalse();

            by.wakes(bridged);

            assertThat(pme.await(Bridged.SOON)).isTrue();
            assertThat(pme.drain()).isEqualTo(1);
            assertThat(guest.pm().pmeStatus()).isTrue();
            assertThat(guest.pm().state()).as("nothing moves by itself").isEqualTo("D3hot");

            guest.wake();
            guest.device.writeShort(
                    Bridged.CONFIG, guest.pmcsrOffset(), (short) PciRegs.PCI_PM_CTRL_PME_STATUS);
            assertThat(guest.pm().pmeStatus()).isFalse();
            assertThat(guest.pm().pmeEnabled()).isFalse();
            assertThat(bridged.wakes())
                    .as("it was awake when the guest wanted it")
                    .isEqualTo("entries 1 guest 0 own 0 foreign 1 failures 0");
        }
    }

    @Test
    void shouldNotTellAGuestThatDoesNot() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged);
                PmeEvent pme = PmeEvent.of(guest.device)) {
            guest.sleep();
            bridged.awaitAsleep();

            By.EVENT.wakes(bridged);

            assertThat(guest.pm().pmeStatus()).isFalse();
            guest.wake();
            assertThat(pme.drain()).isZero();
        }
    }

    /** The wake that the guest causes itself is no PME. */
    @Test
    void shouldNotTakeTheGuestsWakeForPme() {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge());
                Guest guest = new Guest(bridged);
                PmeEvent pme = PmeEvent.of(guest.device)) {
            guest.enablePme();
            for (int i = 0; i < 20; i++) {
                guest.sleep();
                guest.wake();
            }
            assertThat(guest.pm().pmeStatus()).isFalse();
            assertThat(pme.drain()).isZero();
            assertThat(bridged.wakes()).isEqualTo("entries 20 guest 20 own 0 foreign 0 failures 0");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "PMCSR"})
    void shouldHaveNoPmeWhereNobodyTellsOfWakes(SleepEntry by) {
        try (Bridged bridged = new Bridged(new Puppet(), Wanted.bridge().entry(by));
                Guest guest = new Guest(bridged)) {
            assertThat(guest.pm().pmeFrom()).isEmpty();
            guest.enablePme();
            assertThat(guest.pm().pmeEnabled()).isFalse();
        }
    }

    /** Devices that need their driver's help to sleep get it (spec D). */
    @Test
    void shouldStayAwakeUntilTheGuestAsksAgain() {
        Wanted wanted = Wanted.bridge().reentry(Reentry.GUEST).hysteresis(Duration.ZERO);
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();
            By.EVENT.wakes(bridged);

            guest.sleep();
            assertThat(bridged.state()).as("it is no change").isEqualTo("awake");
            assertThat(bridged.sleeps()).isFalse();

            guest.wake();
            guest.sleep();
            bridged.awaitAsleep();
        }
    }

    @Test
    void shouldSleepOnByItselfAfterAPause() {
        Wanted wanted = Wanted.bridge().reentry(Reentry.AUTO);
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();

            By.EVENT.wakes(bridged);

            bridged.awaitAsleep();
            assertThat(bridged.wakes()).isEqualTo("entries 2 guest 0 own 0 foreign 1 failures 0");
            assertThat(guest.pm().state()).isEqualTo("D3hot");
        }
    }

    @Test
    void shouldBeAwakeForAsLongAsThePauseIs() {
        Wanted wanted = Wanted.bridge().reentry(Reentry.AUTO).hysteresis(NEVER);
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Guest guest = new Guest(bridged)) {
            guest.sleep();
            bridged.awaitAsleep();

            By.EVENT.wakes(bridged);

            assertThat(bridged.state()).isEqualTo("pausing");
            assertThat(bridged.sleeps()).isFalse();
            guest.wake();
            guest.sleep();
            bridged.awaitAsleep();
        }
    }

    @Test
    void shouldStayAwakeUntilTheClientGoesIfTheOperatorWantsThat() {
        Wanted wanted = Wanted.bridge().reentry(Reentry.NEVER).hysteresis(Duration.ZERO);
        try (Bridged bridged = new Bridged(new Puppet(), wanted)) {
            try (Guest guest = new Guest(bridged)) {
                guest.sleep();
                bridged.awaitAsleep();
                By.EVENT.wakes(bridged);
                guest.wake();
                guest.sleep();

                assertThat(bridged.state()).isEqualTo("awake");
                assertThat(guest.pm().state()).isEqualTo("D3hot");
            }
            bridged.awaitState("closed");
            try (Guest next = new Guest(bridged)) {
                next.sleep();
                bridged.awaitAsleep();
            }
        }
    }

    /** Held awake by the host, it is let sleep again when the host is done. */
    @Test
    void shouldBeKeptAwakeByTheHostAndNotForLonger() {
        Wanted wanted = Wanted.bridge().reentry(Reentry.AUTO).hysteresis(Duration.ofMillis(1));
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Guest guest = new Guest(bridged);
                HostSide host = bridged.host()) {
            guest.sleep();
            bridged.awaitAsleep();
            By.CONTROL.wakes(bridged);
            bridged.awaitState("asleep");
            assertThat(bridged.sleeps()).as("it was let, but the host holds it").isFalse();

            host.setControl(RuntimeControl.AUTO);

            bridged.awaitAsleep();
            guest.wake();
            assertThat(host.read(HostAttribute.POWER_RUNTIME_STATUS)).isEqualTo("active");
        }
    }

    /** What wakes it in a row gets to use it: no storm of entries and wakes. */
    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void shouldPauseLongerAndLongerWhileTheWakesGoOn(int hysteresisMillis) {
        Wanted wanted =
                Wanted.bridge()
                        .reentry(Reentry.AUTO)
                        .hysteresis(Duration.ofMillis(hysteresisMillis));
        try (Bridged bridged = new Bridged(new Puppet(), wanted);
                Guest guest = new Guest(bridged);
                HostSide host = bridged.host()) {
            guest.sleep();
            bridged.awaitAsleep();
            long end = System.nanoTime() + Duration.ofMillis(500).toNanos();
            int events = 0;
            while (System.nanoTime() - end < 0) {
                host.wakeEvent();
                events++;
            }

            String[] counts = bridged.wakes().split(" ", -1);
            // Pauses of 1, 2, 4 to 64 ms at the shortest; a sleep that was worth it begins anew.
            assertThat(Integer.parseInt(counts[1])).as("entries").isGreaterThan(1);
            assertThat(Integer.parseInt(counts[1]) * 10).as("entries * 10").isLessThan(events);
            bridged.awaitAsleep();
        }
    }

    /** An entry and a wake at the same time: none is lost, none counted twice. */
    @Test
    void shouldCountEachWakeOnceHoweverTheyCross() throws InterruptedException {
        Wanted wanted = Wanted.bridge().reentry(Reentry.GUEST);
        var puppet = new Puppet();
        try (Bridged bridged = new Bridged(puppet, wanted);
                Guest guest = new Guest(bridged)) {
            guest.enablePme();
            Thread world =
                    Thread.ofPlatform()
                            .start(() -> {
                                while (!Thread.currentThread().isInterrupted()) {
                                    puppet.event();
                                    Thread.onSpinWait();
                                }
                            });
            try {
                for (int i = 0; i < 300; i++) {
                    guest.sleep();
                    guest.wake();
                    assertThat(bridged.behind.power().runtimeStatus()).isEqualTo("active");
                }
            } finally {
                world.interrupt();
                world.join();
            }
            String[] counts = bridged.wakes().split(" ", -1);
            assertThat(Integer.parseInt(counts[3]) + Integer.parseInt(counts[7]))
                    .as(bridged.wakes())
                    .isEqualTo(Integer.parseInt(counts[1]));
            assertThat(counts[9]).as("failures").isEqualTo("0");
        }
    }
}
