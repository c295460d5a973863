/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static io.vfio4j.power.BridgePhase.ASLEEP;
import static io.vfio4j.power.BridgePhase.AWAKE;
import static io.vfio4j.power.BridgePhase.CLOSED;
import static io.vfio4j.power.BridgePhase.ENTERING;
import static io.vfio4j.power.BridgePhase.LOST;
import static io.vfio4j.power.BridgePhase.PAUSING;
import static io.vfio4j.power.BridgePhase.UNMAPPING;
import static io.vfio4j.power.BridgePhase.WAKING;
import static io.vfio4j.power.BridgeUnderTest.DEEP;
import static io.vfio4j.power.BridgeUnderTest.DEFAULT;
import static io.vfio4j.power.BridgeUnderTest.GRACE;
import static io.vfio4j.power.BridgeUnderTest.HIGH;
import static io.vfio4j.power.BridgeUnderTest.HYSTERESIS;
import static io.vfio4j.power.BridgeUnderTest.KEPT;
import static io.vfio4j.power.BridgeUnderTest.LOW;
import static io.vfio4j.power.BridgeUnderTest.PME_EN;
import static io.vfio4j.power.BridgeUnderTest.PME_STATUS;
import static io.vfio4j.power.BridgeUnderTest.WAKE_TIMEOUT;
import static io.vfio4j.power.BridgeUnderTest.by;
import static io.vfio4j.power.BridgeUnderTest.keeping;
import static io.vfio4j.power.BridgeUnderTest.with;
import static io.vfio4j.power.BridgeUnderTest.withHysteresis;
import static io.vfio4j.power.BridgeUnderTest.withPmeFrom;
import static io.vfio4j.power.PciPowerState.D0;
import static io.vfio4j.power.PciPowerState.D1;
import static io.vfio4j.power.PciPowerState.D2;
import static io.vfio4j.power.PciPowerState.D3COLD;
import static io.vfio4j.power.PciPowerState.D3HOT;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vfio4j.power.BridgeEffect.Check;
import io.vfio4j.power.BridgeEffect.Enter;
import io.vfio4j.power.BridgeEffect.HoldAwake;
import io.vfio4j.power.BridgeEffect.Inspect;
import io.vfio4j.power.BridgeEffect.TellPme;
import io.vfio4j.power.BridgeEffect.Wake;
import io.vfio4j.power.BridgeEffect.WritePmcsr;
import io.vfio4j.power.BridgeEvent.Awoken;
import io.vfio4j.power.BridgeEvent.ClientEntered;
import io.vfio4j.power.BridgeEvent.Closed;
import io.vfio4j.power.BridgeEvent.Entered;
import io.vfio4j.power.BridgeEvent.EntryRefused;
import io.vfio4j.power.BridgeEvent.GuestWrote;
import io.vfio4j.power.BridgeEvent.Inspected;
import io.vfio4j.power.BridgeEvent.Locked;
import io.vfio4j.power.BridgeEvent.Lost;
import io.vfio4j.power.BridgeEvent.Mapped;
import io.vfio4j.power.BridgeEvent.Opened;
import io.vfio4j.power.BridgeEvent.Proceeded;
import io.vfio4j.power.BridgeEvent.Reminded;
import io.vfio4j.power.BridgeEvent.Touched;
import io.vfio4j.power.BridgeEvent.Unlocked;
import io.vfio4j.power.BridgeEvent.Unmapped;
import io.vfio4j.power.BridgeEvent.WasReset;
import io.vfio4j.power.BridgeEvent.Woken;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a bridge does with its device's power: the guest's PMCSR and wakes of every kind, then the
 * promises, then the safety of the VMM, then the life cycle and the operator. Spec J is the
 * protocol that it speaks.
 */
class BridgeRulesTest {
    private static final Enter ENTER = new Enter(SleepEntry.WAKEUP);
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Duration MOMENT = Duration.ofMillis(10);

    private final BridgeUnderTest bridge = new BridgeUnderTest(DEFAULT);

    private static BridgePhase phase(BridgeUnderTest of) {
        return of.state().phase();
    }

    // ---- 2. Power: PMCSR is virtual ----

    @Nested
    class GuestsPmcsr {
        @Test
        void shouldStartInD0() {
            assertThat(phase(bridge)).isEqualTo(CLOSED);
            bridge.open();
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.state().guest()).isEqualTo(D0);
            assertThat(bridge.state().connected()).isTrue();
            assertThat(bridge.did()).isEmpty();
        }

        @ParameterizedTest
        @EnumSource
        void shouldLetTheDeviceSleepWhenTheGuestDoes(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).open();
            assertThat(sleeper.guest(D3HOT)).isEmpty();
            assertThat(sleeper.did()).containsExactly(new Enter(entry));
            assertThat(phase(sleeper)).isEqualTo(ASLEEP);
            assertThat(sleeper.state().guest()).isEqualTo(D3HOT);
            assertThat(sleeper.state().asleepSince()).isEqualTo(sleeper.now());
        }

        @ParameterizedTest
        @EnumSource
        void shouldWakeTheDeviceBeforeTheGuestReadsD0(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).asleep();
            BridgeStep asked = sleeper.step(new GuestWrote(0, LOW));
            assertThat(asked.effects()).containsExactly(new Wake(WakeCause.GUEST));
            assertThat(phase(sleeper)).isEqualTo(WAKING);
            assertThat(sleeper.state().guest()).isEqualTo(D3HOT);
            sleeper.step(new Awoken(WakeCause.GUEST, WAKE_TIMEOUT));
            assertThat(sleeper.state().guest()).isEqualTo(D0);
            assertThat(phase(sleeper)).isEqualTo(AWAKE);
        }

        @Test
        void shouldHideD1AndD2() {
            bridge.open();
            for (PciPowerState hidden : List.of(D1, D2)) {
                bridge.guest(hidden);
                assertThat(bridge.state().guest()).isEqualTo(D0);
            }
            bridge.guest(D3HOT);
            bridge.did();
            for (PciPowerState hidden : List.of(D1, D2)) {
                bridge.guest(hidden);
                assertThat(bridge.state().guest()).isEqualTo(D3HOT);
            }
            assertThat(bridge.did()).isEmpty();
        }

        /** Spec B6: a write at PMCSR's second byte requests no state. */
        @Test
        void shouldMoveByTheLowByteOnly() {
            bridge.open();
            bridge.tell(new GuestWrote(3, HIGH));
            assertThat(bridge.state().guest()).isEqualTo(D0);
            bridge.tell(new GuestWrote(3, LOW | HIGH));
            assertThat(bridge.state().guest()).isEqualTo(D3HOT);
            bridge.tell(new GuestWrote(0, HIGH));
            assertThat(bridge.state().guest()).isEqualTo(D3HOT);
        }

        @Test
        void shouldDoNothingForTheStateThatItIsIn() {
            bridge.open();
            bridge.guest(D0);
            assertThat(bridge.did()).isEmpty();
            bridge.guest(D3HOT);
            bridge.guest(D3HOT);
            assertThat(bridge.did()).containsExactly(ENTER);
        }

        /**
         * Spec B5: memory is not decoded in D3hot; a client of its own contract sees for itself.
         */
        @Test
        void shouldDecodeMemoryInD0Only() {
            bridge.open();
            assertThat(bridge.state().decodesMemory()).isTrue();
            bridge.guest(D3HOT);
            assertThat(bridge.state().decodesMemory()).isFalse();
            bridge.tell(new ClientEntered());
            assertThat(bridge.state().decodesMemory()).isTrue();
        }

        @ParameterizedTest
        @EnumSource
        void shouldLeaveADeviceAloneWhileItSleeps(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).open();
            // The kernel itself answers for what sleeps by PMCSR (spec B6).
            boolean copied = entry != SleepEntry.PMCSR;
            assertThat(sleeper.state().untouchable(sleeper.config)).isFalse();
            sleeper.step(new GuestWrote(3, LOW));
            assertThat(phase(sleeper)).isEqualTo(ENTERING);
            assertThat(sleeper.state().untouchable(sleeper.config)).isEqualTo(copied);
            sleeper.step(new Entered());
            assertThat(sleeper.state().untouchable(sleeper.config)).isEqualTo(copied);
            sleeper.step(new GuestWrote(0, LOW));
            assertThat(phase(sleeper)).isEqualTo(WAKING);
            assertThat(sleeper.state().untouchable(sleeper.config)).isEqualTo(copied);
            sleeper.step(new Awoken(WakeCause.GUEST, MOMENT));
            assertThat(sleeper.state().untouchable(sleeper.config)).isFalse();
        }

        @Test
        void shouldGoBackToD0AndAgainAtOnceHoweverShortItsSleepWas() {
            bridge.asleep();
            bridge.guest(D0);
            bridge.guest(D3HOT);
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST), ENTER);
        }
    }

    // ---- 2. Power: what must reach the device ----

    @Nested
    class Requests {
        @Test
        void shouldLeaveLowPowerAndComeBackAfterAPause() {
            bridge.asleep();
            bridge.pass(LONG);
            assertThat(bridge.tell(new Touched())).isEmpty();
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.REQUEST));
            assertThat(phase(bridge)).isEqualTo(PAUSING);
            assertThat(bridge.state().untouchable(bridge.config)).isFalse();
            assertThat(bridge.state().guest()).isEqualTo(D3HOT);
            assertThat(bridge.waits()).contains(HYSTERESIS);
            bridge.pass(HYSTERESIS.minusNanos(1));
            assertThat(bridge.did()).isEmpty();
            bridge.pass(MOMENT);
            assertThat(bridge.did()).containsExactly(ENTER);
        }

        @Test
        void shouldChangeNothingWhileTheDeviceIsAwake() {
            bridge.open(true);
            bridge.tell(new Touched());
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            bridge.guest(D3HOT);
            bridge.tell(new Touched());
            assertThat(phase(bridge)).isEqualTo(UNMAPPING);
            bridge.tell(new Unmapped());
            bridge.tell(new Touched());
            assertThat(phase(bridge)).isEqualTo(PAUSING);
            assertThat(bridge.did()).isEmpty();
            assertThat(bridge.waits()).contains(GRACE);
        }

        /** Spec B6: config accesses and resets are fine in D3hot. */
        @Test
        void shouldReachADeviceThatSleepsByPmcsrAsItIs() {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(SleepEntry.PMCSR)).asleep();
            sleeper.tell(new Touched());
            assertThat(sleeper.did()).isEmpty();
            assertThat(phase(sleeper)).isEqualTo(ASLEEP);
        }

        @Test
        void shouldPauseLongerEachTimeTheyWakeWhatHasBarelySlept() {
            bridge.asleep();
            List<Duration> pauses = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                bridge.tell(new Touched());
                pauses.add(bridge.waits().orElseThrow());
                bridge.pass(bridge.waits().orElseThrow());
                assertThat(phase(bridge)).isEqualTo(ASLEEP);
            }
            assertThat(pauses)
                    .extracting(Duration::toSeconds)
                    .containsExactly(2L, 4L, 8L, 16L, 32L, 64L, 64L, 64L);
        }

        /** Who wakes the device must get to use it before it is let sleep again. */
        @Test
        void shouldNotBeStarvedByAPauseOfNothing() {
            BridgeUnderTest hasty = new BridgeUnderTest(withHysteresis(Duration.ZERO)).asleep();
            hasty.pass(LONG);
            List<Duration> pauses = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                hasty.tell(new Touched());
                pauses.add(hasty.waits().orElseThrow());
                hasty.pass(hasty.waits().orElseThrow());
            }
            assertThat(pauses)
                    .extracting(Duration::toMillis)
                    .containsExactly(0L, 1L, 2L, 4L, 8L, 16L, 32L, 64L, 64L, 64L);
            hasty.pass(LONG);
            hasty.tell(new Touched());
            assertThat(hasty.waits()).contains(Duration.ZERO);
        }

        @Test
        void shouldPauseShortlyAgainOnceTheGuestHasBeenAwake() {
            bridge.asleep();
            bridge.tell(new Touched());
            assertThat(bridge.state().pause()).isGreaterThan(HYSTERESIS);
            bridge.guest(D0);
            assertThat(bridge.state().pause()).isEqualTo(HYSTERESIS);
        }

        @Test
        void shouldEndInAWakeForTheGuestIfItComesDuringThePause() {
            bridge.asleep();
            bridge.tell(new Touched());
            bridge.did();
            bridge.guest(D0);
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST));
            bridge.pass(LONG);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.did()).isEmpty();
        }
    }

    @Nested
    class Resets {
        @Test
        void shouldLeaveD0AndEndWhateverWasToCome() {
            bridge.open(true);
            bridge.guest(D3HOT);
            bridge.tell(new WasReset());
            assertThat(bridge.state().guest()).isEqualTo(D0);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            bridge.pass(LONG);
            assertThat(bridge.did()).isEmpty();
        }

        @Test
        void shouldLeaveD0DuringAPause() {
            bridge.asleep();
            bridge.tell(new Touched());
            bridge.tell(new WasReset());
            assertThat(bridge.state().guest()).isEqualTo(D0);
            assertThat(bridge.state().pause()).isEqualTo(HYSTERESIS);
            bridge.did();
            bridge.pass(LONG);
            assertThat(bridge.did()).isEmpty();
        }

        /** Between the reset and word of it the pause may end. Spec C: it stays engaged. */
        @ParameterizedTest
        @EnumSource
        void shouldWakeADeviceThatIsAsleepWhenTheyAreHeardOf(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).asleep();
            sleeper.tell(new WasReset());
            assertThat(sleeper.did()).containsExactly(new Wake(WakeCause.GUEST));
            assertThat(sleeper.state().guest()).isEqualTo(D0);
            assertThat(phase(sleeper)).isEqualTo(AWAKE);
        }

        @Test
        void shouldLeaveTheLock() {
            bridge.open();
            bridge.tell(new Locked("wanted awake"));
            bridge.guest(D3HOT);
            bridge.tell(new WasReset());
            assertThat(bridge.state().guest()).isEqualTo(D0);
            assertThat(bridge.state().lock()).contains("wanted awake");
        }

        /** Spec E: "sticky through reset if PME from D3cold". */
        @Test
        void shouldClearThePmeBitsThatAuxiliaryPowerDoesNotKeep() {
            for (boolean kept : new boolean[] {false, true}) {
                BridgeUnderTest function =
                        new BridgeUnderTest(kept ? withPmeFrom(D3HOT, D3COLD) : DEFAULT).open();
                function.guestWritesHigh(PME_EN);
                function.tell(new WasReset());
                assertThat(function.state().pme().enabled()).isEqualTo(kept);
            }
        }
    }

    // ---- 2. Power: a wake that the guest did not cause ----

    @Nested
    class ForeignWakes {
        @Test
        void shouldBeCheckedForADeviceThatAnswers() {
            bridge.asleep();
            bridge.tell(new Woken());
            assertThat(bridge.did()).containsExactly(new Check());
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.state().guest()).isEqualTo(D3HOT);
        }

        /** Spec J: "clear the flag, EXIT, drain". Who is awake already hears his own echo. */
        @Test
        void shouldNotBeHeardInTheEchoOfTheBridgesOwn() {
            bridge.open(true);
            bridge.guestWritesHigh(PME_EN);
            for (BridgePhase phase : List.of(AWAKE, UNMAPPING, PAUSING)) {
                assertThat(phase(bridge)).isEqualTo(phase);
                BridgeState before = bridge.state();
                bridge.tell(new Woken());
                assertThat(bridge.state()).isEqualTo(before);
                bridge.tell(phase == AWAKE ? new GuestWrote(3, LOW) : new Unmapped());
            }
            assertThat(bridge.did()).isEmpty();
        }

        @ParameterizedTest
        @EnumSource(
                value = SleepEntry.class,
                names = {"PLAIN", "PMCSR"})
        void shouldNotBeHeardWithoutAWakeup(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).asleep();
            BridgeState before = sleeper.state();
            sleeper.tell(new Woken());
            assertThat(sleeper.state()).isEqualTo(before);
            assertThat(sleeper.did()).isEmpty();
        }

        @Test
        void shouldWakeTheDeviceProperlyOnceTheGuestWantsIt() {
            bridge.asleep();
            bridge.tell(new Woken());
            bridge.did();
            bridge.guest(D0);
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST));
            assertThat(bridge.state().guest()).isEqualTo(D0);
        }
    }

    @Nested
    class PmeBits {
        private BridgeUnderTest enabled() {
            bridge.open();
            bridge.guestWritesHigh(PME_EN);
            bridge.guest(D3HOT);
            bridge.did();
            return bridge;
        }

        @Test
        void shouldTellTheGuestWhyIfItWantsToKnow() {
            enabled().tell(new Woken());
            assertThat(bridge.did()).containsExactly(new Check(), new TellPme());
            assertThat(bridge.state().pme()).isEqualTo(new Pme(true, true));
        }

        @Test
        void shouldBeLeftIfTheGuestDoesNot() {
            bridge.asleep();
            bridge.tell(new Woken());
            assertThat(bridge.state().pme()).isEqualTo(Pme.OFF);
        }

        @Test
        void shouldNotBeTouchedByTheGuestsOwnWakes() {
            enabled().guest(D0);
            assertThat(bridge.state().pme()).isEqualTo(new Pme(true, false));
            assertThat(bridge.did()).doesNotContain(new TellPme());
        }

        /** A level with one edge. */
        @Test
        void shouldBeToldOnceUntilTheyAreCleared() {
            enabled().tell(new Woken());
            bridge.guest(D0);
            bridge.guest(D3HOT);
            bridge.did();
            bridge.tell(new Woken());
            assertThat(bridge.did()).containsExactly(new Check());
            bridge.guestWritesHigh(PME_EN | PME_STATUS);
            assertThat(bridge.state().pme()).isEqualTo(new Pme(true, false));
            bridge.guest(D0);
            bridge.guest(D3HOT);
            bridge.did();
            bridge.tell(new Woken());
            assertThat(bridge.did()).containsExactly(new Check(), new TellPme());
        }

        @Test
        void shouldBeToldOnceAPendingEventIsEnabledAgain() {
            enabled().tell(new Woken());
            bridge.did();
            bridge.guestWritesHigh(0);
            assertThat(bridge.state().pme()).isEqualTo(new Pme(false, true));
            assertThat(bridge.did()).isEmpty();
            bridge.guestWritesHigh(PME_EN);
            bridge.guestWritesHigh(PME_EN);
            assertThat(bridge.did()).containsExactly(new TellPme());
        }

        @Test
        void shouldNotBeToldIfOneWriteClearsAndEnables() {
            enabled().tell(new Woken());
            bridge.guestWritesHigh(0);
            bridge.did();
            bridge.guestWritesHigh(PME_EN | PME_STATUS);
            assertThat(bridge.did()).isEmpty();
            assertThat(bridge.state().pme()).isEqualTo(new Pme(true, false));
        }

        @Test
        void shouldBeOutOfReachOfTheLowByte() {
            enabled().tell(new GuestWrote(PME_STATUS, LOW));
            assertThat(bridge.state().pme()).isEqualTo(new Pme(true, false));
        }

        @Test
        void shouldNotExistOnAFunctionThatSignalsFromNoState() {
            BridgeUnderTest silent = new BridgeUnderTest(withPmeFrom()).open();
            silent.guestWritesHigh(PME_EN);
            assertThat(silent.state().pme()).isEqualTo(Pme.OFF);
        }

        /** Linux arms PME and sleeps in one write. */
        @Test
        void shouldBeWrittenTogetherWithTheState() {
            bridge.open();
            bridge.tell(new GuestWrote(PME_EN | 3, LOW | HIGH));
            assertThat(bridge.state().pme()).isEqualTo(new Pme(true, false));
            assertThat(phase(bridge)).isEqualTo(ASLEEP);
            bridge.tell(new Woken());
            bridge.guestWritesHigh(0);
            bridge.did();
            bridge.tell(new GuestWrote(PME_EN, LOW | HIGH));
            assertThat(bridge.did()).containsExactly(new TellPme(), new Wake(WakeCause.GUEST));
        }
    }

    /** "Then the policy decides whether to let it sleep again." */
    @Nested
    class ReentryPolicies {
        @Test
        void shouldWaitForTheGuestByDefault() {
            bridge.asleep();
            bridge.tell(new Woken());
            bridge.did();
            bridge.pass(LONG);
            bridge.guest(D3HOT);
            bridge.tell(new Touched());
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.did()).isEmpty();
            assertThat(bridge.state().stayAwake()).isTrue();
            bridge.guest(D0);
            assertThat(bridge.state().stayAwake()).isFalse();
            bridge.guest(D3HOT);
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST), ENTER);
        }

        /** A driver that must help its device to sleep has not been asked by the operator. */
        @Test
        void shouldWaitForTheGuestWhateverTheOperatorSays() {
            bridge.asleep();
            bridge.tell(new Woken());
            bridge.tell(new Unlocked());
            bridge.tell(new Locked("a look"));
            bridge.tell(new Unlocked());
            bridge.pass(LONG);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.did()).doesNotContain(ENTER);
        }

        @Test
        void shouldPauseAndSleepAgainByAuto() {
            BridgeUnderTest auto = new BridgeUnderTest(with(Reentry.AUTO)).asleep();
            auto.pass(LONG);
            auto.tell(new Woken());
            assertThat(auto.did()).containsExactly(new Check());
            assertThat(phase(auto)).isEqualTo(PAUSING);
            assertThat(auto.waits()).contains(HYSTERESIS);
            auto.pass(HYSTERESIS);
            assertThat(auto.did()).containsExactly(ENTER);
            assertThat(phase(auto)).isEqualTo(ASLEEP);
        }

        @Test
        void shouldPauseLongerWhileSleepsAreShorterThanPauses() {
            BridgeUnderTest auto = new BridgeUnderTest(with(Reentry.AUTO)).asleep();
            List<Long> pauses = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                auto.pass(auto.state().pause().minusNanos(1));
                auto.tell(new Woken());
                pauses.add(auto.waits().orElseThrow().toSeconds());
                auto.pass(auto.waits().orElseThrow());
                assertThat(phase(auto)).isEqualTo(ASLEEP);
            }
            assertThat(pauses).containsExactly(2L, 4L, 8L, 16L, 32L, 64L, 64L, 64L);
            auto.pass(auto.state().pause());
            auto.tell(new Woken());
            assertThat(auto.waits()).contains(HYSTERESIS);
        }

        @Test
        void shouldNeverSleepAgainByNeverUntilTheClientGoes() {
            BridgeUnderTest once = new BridgeUnderTest(with(Reentry.NEVER)).asleep();
            once.tell(new Woken());
            once.did();
            once.guest(D0);
            once.guest(D3HOT);
            once.tell(new WasReset());
            once.guest(D3HOT);
            once.pass(LONG);
            assertThat(once.did()).containsExactly(new Wake(WakeCause.GUEST));
            assertThat(once.state().spent()).isTrue();
            once.tell(new Closed());
            assertThat(once.state().spent()).isFalse();
            once.open();
            once.guest(D3HOT);
            assertThat(once.did()).containsExactly(ENTER);
        }

        @Test
        void shouldSleepAgainByNeverWhenTheOperatorSaysSo() {
            BridgeUnderTest once = new BridgeUnderTest(with(Reentry.NEVER)).asleep();
            once.tell(new Woken());
            once.did();
            once.tell(new Unlocked());
            assertThat(once.did()).containsExactly(ENTER);
            assertThat(once.state().spent()).isFalse();
        }
    }

    // ---- 2. Power: a client that speaks the contract itself ----

    @Nested
    class ClientsOfTheirOwn {
        @Test
        void shouldBeLeftTheDevicesPower() {
            bridge.open();
            bridge.tell(new ClientEntered());
            assertThat(bridge.state().selfManaged()).isTrue();
            assertThat(bridge.did()).isEmpty();
            bridge.guest(D3HOT);
            bridge.tell(new Touched());
            bridge.tell(new Woken());
            bridge.tell(new Mapped());
            bridge.tell(new Unmapped());
            bridge.tell(new Locked("a look"));
            bridge.tell(new Unlocked());
            bridge.pass(LONG);
            assertThat(bridge.did())
                    .containsExactly(
                            new WritePmcsr(3, LOW), new HoldAwake(true), new HoldAwake(false));
            assertThat(phase(bridge)).isEqualTo(AWAKE);
        }

        @Test
        void shouldWriteTheDevicesOwnPmcsr() {
            bridge.open();
            bridge.tell(new ClientEntered());
            bridge.tell(new GuestWrote(PME_EN | 3, LOW | HIGH));
            bridge.tell(new GuestWrote(0, HIGH));
            bridge.tell(new GuestWrote(0, LOW));
            assertThat(bridge.did())
                    .containsExactly(
                            new WritePmcsr(PME_EN | 3, LOW | HIGH),
                            new WritePmcsr(0, HIGH),
                            new WritePmcsr(0, LOW));
        }

        @Test
        void shouldFindTheStateThatWasVirtualInTheDevice() {
            bridge.open(true);
            bridge.guest(D3HOT);
            bridge.tell(new ClientEntered());
            bridge.tell(new ClientEntered());
            assertThat(bridge.did()).containsExactly(new WritePmcsr(3, LOW));
            bridge.pass(LONG);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.did()).isEmpty();
        }

        /** Or the bridge's entry would be in the way of the client's (spec B3). */
        @ParameterizedTest
        @EnumSource
        void shouldBeHandedTheDeviceAwake(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).asleep();
            sleeper.tell(new ClientEntered());
            assertThat(sleeper.did())
                    .containsExactly(new Wake(WakeCause.REQUEST), new WritePmcsr(3, LOW));
            assertThat(phase(sleeper)).isEqualTo(AWAKE);
            sleeper.pass(LONG);
            assertThat(sleeper.did()).isEmpty();
        }

        @Test
        void shouldNotBeHandedADeviceThatDoesNotWake() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("all ones");
            assertThat(bridge.tell(new ClientEntered())).contains(Refusal.EIO);
            assertThat(bridge.state().selfManaged()).isFalse();
            assertThat(bridge.tell(new ClientEntered())).contains(Refusal.EIO);
            assertThat(bridge.state().selfManaged()).isFalse();
            bridge.doesNotAnswer = Optional.empty();
            assertThat(bridge.guest(D0)).isEmpty();
            assertThat(bridge.state().guest()).isEqualTo(D0);
        }

        @Test
        void shouldBeForgottenWhenTheyGo() {
            bridge.open();
            bridge.tell(new ClientEntered());
            bridge.tell(new Closed());
            bridge.open();
            bridge.did();
            bridge.guest(D3HOT);
            assertThat(bridge.did()).containsExactly(ENTER);
        }
    }

    // ---- 3. No promise broken ----

    @Nested
    class DevicesThatDoNotComeBack {
        @ParameterizedTest
        @EnumSource(
                value = WakeCause.class,
                names = {"GUEST", "REQUEST"})
        void shouldFailTheRequestAndLeaveTheGuestWhereItWas(WakeCause cause) {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("it reads all ones");
            BridgeEvent request = cause == WakeCause.GUEST ? new GuestWrote(0, LOW) : new Touched();
            assertThat(bridge.tell(request)).contains(Refusal.EIO);
            assertThat(bridge.did()).containsExactly(new Wake(cause), new HoldAwake(true));
            assertThat(bridge.state().guest()).isEqualTo(D3HOT);
            assertThat(phase(bridge)).isEqualTo(LOST);
            assertThat(bridge.state().lock()).contains("it reads all ones");
            assertThat(bridge.warnings)
                    .singleElement()
                    .asString()
                    .contains("it reads all ones", "bridge/locked is written 0");
        }

        /** Each try takes as long as the first, and QEMU waits for no more than 5 s. */
        @Test
        void shouldFailWhatMustReachThemAtOnce() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("gone");
            bridge.tell(new Touched());
            bridge.did();
            assertThat(bridge.tell(new Touched())).contains(Refusal.EIO);
            assertThat(bridge.tell(new Mapped())).contains(Refusal.EIO);
            assertThat(bridge.did()).isEmpty();
            assertThat(phase(bridge)).isEqualTo(LOST);
        }

        @ParameterizedTest
        @EnumSource
        void shouldShowACopyOfWhatTheyWere(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).asleep();
            sleeper.doesNotAnswer = Optional.of("gone");
            sleeper.guest(D0);
            assertThat(sleeper.state().untouchable(sleeper.config)).isTrue();
        }

        @Test
        void shouldBeWokenAgainWhenTheGuestTriesAgain() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("slow");
            bridge.guest(D0);
            bridge.doesNotAnswer = Optional.empty();
            bridge.did();
            assertThat(bridge.guest(D0)).isEmpty();
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST));
            assertThat(bridge.state().guest()).isEqualTo(D0);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            // "The device's power locked on until told otherwise."
            bridge.guest(D3HOT);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.state().lock()).isPresent();
            bridge.tell(new Unlocked());
            assertThat(bridge.did()).containsExactly(new HoldAwake(false), ENTER);
        }

        @Test
        void shouldBeWokenByAResetThatReachedThem() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("gone");
            bridge.tell(new Touched());
            bridge.doesNotAnswer = Optional.empty();
            bridge.did();
            bridge.tell(new WasReset());
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST));
            assertThat(bridge.state().guest()).isEqualTo(D0);
        }

        @Test
        void shouldBeSeenToAnswerBeforeTheySleepAgain() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("gone");
            bridge.tell(new Touched());
            bridge.did();
            assertThat(bridge.tell(new Unlocked())).contains(Refusal.EIO);
            assertThat(bridge.did())
                    .containsExactly(
                            new HoldAwake(false),
                            new Wake(WakeCause.OPERATOR),
                            new HoldAwake(true));
            assertThat(bridge.state().lock()).isPresent();
            assertThat(phase(bridge)).isEqualTo(LOST);
            bridge.doesNotAnswer = Optional.empty();
            assertThat(bridge.tell(new Unlocked())).isEmpty();
            assertThat(phase(bridge)).isEqualTo(PAUSING);
            bridge.did();
            bridge.pass(HYSTERESIS.multipliedBy(2));
            assertThat(bridge.did()).containsExactly(ENTER);
        }

        /**
         * QEMU carries out a D0 that has failed: it maps the BARs, of which nobody tells. So no
         * sleep but one that the guest asks for anew.
         */
        @Test
        void shouldNotSleepUnderAVmmThatBelievesInD0() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("slow");
            bridge.guest(D0);
            bridge.doesNotAnswer = Optional.empty();
            bridge.tell(new Unlocked());
            bridge.did();
            bridge.pass(LONG);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.did()).isEmpty();
            bridge.guest(D0);
            bridge.guest(D3HOT);
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST), ENTER);
        }

        @Test
        void shouldBeFoundOutAfterAForeignWakeToo() {
            BridgeUnderTest auto = new BridgeUnderTest(with(Reentry.AUTO)).asleep();
            auto.doesNotAnswer = Optional.of("gone");
            auto.tell(new Woken());
            assertThat(auto.did()).containsExactly(new Check(), new HoldAwake(true));
            assertThat(phase(auto)).isEqualTo(LOST);
            auto.pass(LONG);
            assertThat(auto.did()).isEmpty();
        }

        @Test
        void shouldStayLockedWhenTheOperatorLocksThemToo() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("gone");
            bridge.tell(new Touched());
            bridge.did();
            assertThat(bridge.tell(new Locked("a look"))).isEmpty();
            assertThat(phase(bridge)).isEqualTo(LOST);
            assertThat(bridge.state().lock()).contains("a look");
            assertThat(bridge.did()).isEmpty();
        }

        @Test
        void shouldBeHeldAwakeOnce() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("gone");
            bridge.guest(D0);
            bridge.guest(D0);
            assertThat(bridge.did())
                    .containsExactly(
                            new Wake(WakeCause.GUEST),
                            new HoldAwake(true),
                            new Wake(WakeCause.GUEST));
            assertThat(bridge.warnings).hasSize(2);
        }
    }

    @Nested
    class ResumesThatTakeSeconds {
        @Test
        void shouldBeTakenForHealthyUpToTheTimeout() {
            bridge.asleep();
            bridge.wakeTakes = WAKE_TIMEOUT;
            bridge.guest(D0);
            assertThat(bridge.state().lock()).isEmpty();
            assertThat(bridge.warnings).isEmpty();
        }

        @Test
        void shouldReachD0AndBeTheLast() {
            bridge.asleep();
            bridge.wakeTakes = WAKE_TIMEOUT.plusMillis(1);
            assertThat(bridge.guest(D0)).isEmpty();
            assertThat(bridge.did())
                    .containsExactly(new Wake(WakeCause.GUEST), new HoldAwake(true));
            assertThat(bridge.state().guest()).isEqualTo(D0);
            assertThat(bridge.state().lock()).contains("its wake took 4001 ms");
            assertThat(bridge.warnings).singleElement().asString().contains("4001 ms");
            bridge.guest(D3HOT);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.did()).isEmpty();
        }

        @Test
        void shouldEndThePauseOfARequestBeforeItBegins() {
            bridge.asleep();
            bridge.wakeTakes = WAKE_TIMEOUT.plusMillis(1);
            assertThat(bridge.tell(new Touched())).isEmpty();
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.waits()).isEmpty();
            assertThat(bridge.state().guest()).isEqualTo(D3HOT);
        }
    }

    @Nested
    class EntriesThatAreRefused {
        @Test
        void shouldBeToldAndTriedAgainWhenTheGuestAsksAnew() {
            bridge.open();
            bridge.refusesEntry = Optional.of("EBUSY");
            assertThat(bridge.guest(D3HOT)).isEmpty();
            assertThat(bridge.did()).containsExactly(ENTER);
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.state().guest()).isEqualTo(D3HOT);
            assertThat(bridge.warnings)
                    .singleElement()
                    .asString()
                    .contains("not let sleep", "EBUSY");
            bridge.refusesEntry = Optional.empty();
            bridge.tell(new Unmapped());
            bridge.pass(LONG);
            assertThat(bridge.did()).isEmpty();
            bridge.guest(D0);
            bridge.guest(D3HOT);
            bridge.pass(GRACE);
            assertThat(bridge.did()).containsExactly(new Wake(WakeCause.GUEST), ENTER);
        }

        @Test
        void shouldBeTriedAgainWhenTheOperatorSaysSo() {
            bridge.open();
            bridge.refusesEntry = Optional.of("EBUSY");
            bridge.guest(D3HOT);
            bridge.refusesEntry = Optional.empty();
            bridge.did();
            bridge.tell(new Unlocked());
            assertThat(bridge.did()).containsExactly(ENTER);
        }
    }

    // ---- 4. VMM safety ----

    @Nested
    class MappedBars {
        private final BridgeUnderTest qemu = new BridgeUnderTest(DEFAULT).open(true);

        /** QEMU unmaps when its write of PMCSR is answered, and says so. */
        @Test
        void shouldBeWaitedForUntilTheyAreUnmappedAndAWhileLonger() {
            qemu.tell(new Mapped());
            assertThat(qemu.guest(D3HOT)).isEmpty();
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
            assertThat(qemu.state().guest()).isEqualTo(D3HOT);
            assertThat(qemu.waits()).contains(GRACE);
            qemu.pass(MOMENT);
            qemu.tell(new Unmapped());
            assertThat(phase(qemu)).isEqualTo(PAUSING);
            assertThat(qemu.waits()).contains(GRACE);
            assertThat(qemu.did()).isEmpty();
            qemu.pass(GRACE);
            assertThat(qemu.did()).containsExactly(ENTER);
        }

        /** Behind an IOMMU that translates QEMU says nothing; its next request is all there is. */
        @Test
        void shouldBeOutOfReachWhenASilentClientGoesOn() {
            qemu.tell(new Mapped());
            qemu.tell(new Unmapped());
            qemu.pass(LONG);
            qemu.guest(D3HOT);
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
            assertThat(qemu.state().awaitsRequest()).isTrue();
            qemu.pass(MOMENT);
            qemu.tell(new Proceeded());
            assertThat(phase(qemu)).isEqualTo(PAUSING);
            assertThat(qemu.waits()).contains(GRACE);
            assertThat(qemu.state().awaitsRequest()).isFalse();
            qemu.pass(GRACE);
            assertThat(qemu.did()).containsExactly(ENTER);
        }

        @Test
        void shouldBeOutOfReachAgainWithEachD3hotOnly() {
            qemu.tell(new Mapped());
            qemu.guest(D3HOT);
            qemu.tell(new Unmapped());
            qemu.pass(GRACE);
            qemu.guest(D0);
            qemu.did();
            qemu.pass(LONG);
            qemu.guest(D3HOT);
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
            assertThat(qemu.did()).isEmpty();
        }

        @Test
        void shouldNotBeOutOfReachOfAClientThatGoesOnWithAMapping() {
            qemu.tell(new Mapped());
            qemu.guest(D3HOT);
            assertThat(qemu.state().awaitsRequest()).isFalse();
            qemu.tell(new Proceeded());
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
        }

        /** Who never told of a mapping need not be a VMM, and may keep those that it has. */
        @Test
        void shouldNotBeOutOfReachOfAClientThatNeverTold() {
            qemu.guest(D3HOT);
            assertThat(qemu.state().awaitsRequest()).isFalse();
            qemu.tell(new Proceeded());
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
        }

        @Test
        void shouldNotMindRequestsAtAnyOtherTime() {
            qemu.tell(new Mapped());
            qemu.tell(new Unmapped());
            assertThat(qemu.state().awaitsRequest()).isFalse();
            qemu.tell(new Proceeded());
            assertThat(phase(qemu)).isEqualTo(AWAKE);
            qemu.guest(D3HOT);
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
        }

        @Test
        void shouldBeLookedForAfterTheGraceAndRefuseTheEntry() {
            qemu.tell(new Mapped());
            qemu.processHasMappings = true;
            qemu.guest(D3HOT);
            qemu.pass(GRACE.minusNanos(1));
            assertThat(qemu.did()).isEmpty();
            qemu.pass(LONG);
            assertThat(qemu.did()).containsExactly(new Inspect());
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
            assertThat(qemu.warnings)
                    .singleElement()
                    .asString()
                    .contains("still has BARs mapped", "--bars message");
            // "Should the client unmap after all, good."
            qemu.tell(new Unmapped());
            qemu.pass(GRACE);
            assertThat(qemu.did()).containsExactly(ENTER);
        }

        @Test
        void shouldNotKeepTheDeviceAwakeIfThereAreNone() {
            qemu.guest(D3HOT);
            qemu.pass(GRACE);
            assertThat(qemu.did()).containsExactly(new Inspect(), ENTER);
            assertThat(phase(qemu)).isEqualTo(ASLEEP);
        }

        /** A look says nothing of what a client maps, without a word, when its guest is in D0. */
        @Test
        void shouldBeLookedForBeforeEachEntry() {
            qemu.guest(D3HOT);
            qemu.pass(GRACE);
            qemu.tell(new Touched());
            qemu.processHasMappings = true;
            qemu.did();
            qemu.pass(LONG);
            assertThat(qemu.did()).containsExactly(new Inspect());
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
        }

        @Test
        void shouldNotBeWaitedForOnceTheGuestIsBack() {
            qemu.tell(new Mapped());
            qemu.guest(D3HOT);
            qemu.guest(D0);
            assertThat(qemu.did()).containsExactly(new Wake(WakeCause.GUEST));
            assertThat(qemu.state().guest()).isEqualTo(D0);
            qemu.tell(new Unmapped());
            qemu.pass(LONG);
            assertThat(phase(qemu)).isEqualTo(AWAKE);
            assertThat(qemu.did()).isEmpty();
        }

        @Test
        void shouldBeWaitedForAgainIfTheyComeBackDuringThePause() {
            qemu.tell(new Mapped());
            qemu.guest(D3HOT);
            qemu.tell(new Unmapped());
            qemu.tell(new Mapped());
            qemu.pass(GRACE);
            assertThat(phase(qemu)).isEqualTo(UNMAPPING);
            assertThat(qemu.did()).isEmpty();
            assertThat(qemu.waits()).contains(GRACE);
        }

        /** However near the end of another pause they go. */
        @Test
        void shouldBeGoneForAWholeGraceBeforeAnyEntry() {
            qemu.guest(D3HOT);
            qemu.pass(GRACE);
            qemu.pass(LONG);
            qemu.tell(new Touched());
            qemu.tell(new Mapped());
            qemu.pass(HYSTERESIS.minus(MOMENT));
            qemu.did();
            qemu.tell(new Unmapped());
            assertThat(phase(qemu)).isEqualTo(PAUSING);
            qemu.pass(MOMENT);
            assertThat(phase(qemu)).isEqualTo(PAUSING);
            assertThat(qemu.waits()).contains(GRACE.minus(MOMENT));
            qemu.pass(GRACE.minus(MOMENT).minusNanos(1));
            assertThat(qemu.did()).isEmpty();
            qemu.pass(MOMENT);
            assertThat(qemu.did()).containsExactly(ENTER);
        }

        /** Low power or D3hot: both fault (spec B4). */
        @ParameterizedTest
        @EnumSource
        void shouldWakeADeviceUnderWhichTheyAppear(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).asleep();
            assertThat(sleeper.tell(new Mapped())).isEmpty();
            assertThat(sleeper.did()).containsExactly(new Wake(WakeCause.REQUEST));
            sleeper.processHasMappings = true;
            sleeper.pass(LONG);
            assertThat(phase(sleeper)).isEqualTo(UNMAPPING);
            assertThat(sleeper.did()).containsExactly(new Inspect());
        }

        @Test
        void shouldNotBeAMatterForAClientThatHasNone() {
            bridge.open(false);
            assertThat(bridge.state().mapped()).isFalse();
            bridge.guest(D3HOT);
            assertThat(bridge.did()).containsExactly(ENTER);
        }

        @Test
        void shouldHaveNothingToDoWithASignOfThemElsewhere() {
            bridge.asleep();
            for (BridgeEvent late :
                    List.of(new Unmapped(), new Inspected(true), new Inspected(false))) {
                bridge.tell(late);
                assertThat(phase(bridge)).isEqualTo(ASLEEP);
            }
            assertThat(bridge.did()).isEmpty();
            assertThat(bridge.warnings).isEmpty();
        }
    }

    // ---- 5. Life cycle ----

    @Nested
    class ClientsThatGo {
        /** Spec B3: last close ends low power by itself. */
        @Test
        void shouldLeaveADeviceThatIsClosed() {
            bridge.open(true);
            bridge.guestWritesHigh(PME_EN);
            bridge.guest(D3HOT);
            bridge.pass(GRACE);
            bridge.tell(new Woken());
            bridge.did();
            BridgeCounts counts = bridge.state().counts();
            bridge.tell(new Closed());
            assertThat(bridge.did()).isEmpty();
            assertThat(bridge.state())
                    .usingRecursiveComparison()
                    .ignoringFields("sleep.epoch", "sleep.asleepSince", "counts")
                    .isEqualTo(BridgeState.initial(DEFAULT));
            assertThat(bridge.state().counts()).isEqualTo(counts);
        }

        @Test
        void shouldLeaveTheirEchoesToNobody() {
            bridge.asleep();
            bridge.tell(new Closed());
            BridgeState closed = bridge.state();
            for (BridgeEvent late :
                    List.of(
                            new GuestWrote(3, LOW),
                            new Touched(),
                            new WasReset(),
                            new ClientEntered(),
                            new Mapped(),
                            new Unmapped(),
                            new Proceeded(),
                            new Woken(),
                            new Reminded(closed.epoch()),
                            new Entered(),
                            new EntryRefused("late"),
                            new Awoken(WakeCause.REQUEST, MOMENT),
                            new Lost(WakeCause.GUEST, "late"),
                            new Inspected(true),
                            new Closed())) {
                assertThat(bridge.tell(late)).isEmpty();
                assertThat(bridge.state()).isEqualTo(closed);
            }
            assertThat(bridge.did()).isEmpty();
        }

        @Test
        void shouldLeaveTheLockToTheNext() {
            bridge.open();
            bridge.tell(new Locked("wanted awake"));
            bridge.tell(new Closed());
            bridge.open();
            bridge.did();
            bridge.guest(D3HOT);
            assertThat(bridge.state().lock()).contains("wanted awake");
            assertThat(phase(bridge)).isEqualTo(AWAKE);
            assertThat(bridge.did()).isEmpty();
        }

        @Test
        void shouldLeaveNoReminderToTheNext() {
            bridge.open(true);
            bridge.guest(D3HOT);
            bridge.tell(new Closed());
            bridge.open(true);
            bridge.guest(D3HOT);
            bridge.tell(new Reminded(bridge.state().epoch() - 3));
            assertThat(bridge.did()).isEmpty();
        }
    }

    @Nested
    class KeptDevices {
        private final BridgeUnderTest kept = new BridgeUnderTest(keeping(KEPT, Reentry.NEVER));

        /** The host wants it back, or it is lost: nobody has it open any more. */
        @Test
        void shouldBeClosedIfItIsSurrendered() {
            kept.open();
            kept.tell(new Closed());
            assertThat(phase(kept)).isNotEqualTo(CLOSED);
            kept.did();

            kept.tell(new BridgeEvent.Surrendered());

            assertThat(phase(kept)).isEqualTo(CLOSED);
            assertThat(kept.state().connected()).isFalse();
            assertThat(kept.did()).isEmpty();
        }

        @Test
        void shouldSleepUntilTheNextClientComes() {
            kept.open();
            kept.tell(new Closed());
            assertThat(phase(kept)).isEqualTo(PAUSING);
            assertThat(kept.state().connected()).isFalse();
            assertThat(kept.waits()).contains(HYSTERESIS);
            kept.pass(HYSTERESIS);
            assertThat(kept.did()).containsExactly(ENTER);
            kept.open();
            assertThat(kept.did()).containsExactly(new Wake(WakeCause.CLIENT));
            assertThat(phase(kept)).isEqualTo(AWAKE);
            assertThat(kept.state().guest()).isEqualTo(D0);
        }

        @Test
        void shouldGoOnSleeping() {
            kept.asleep();
            kept.tell(new Closed());
            assertThat(phase(kept)).isEqualTo(ASLEEP);
            assertThat(kept.state().guest()).isEqualTo(D0);
            assertThat(kept.did()).isEmpty();
        }

        @Test
        void shouldNotSleepUnderAClientThatHasJustCome() {
            kept.open();
            kept.tell(new Closed());
            kept.open();
            kept.pass(LONG);
            assertThat(phase(kept)).isEqualTo(AWAKE);
            assertThat(kept.did()).isEmpty();
        }

        /** What is kept is the context, which a sleep of theirs would lose. */
        @Test
        void shouldStayAwakeIfTheyWouldForget() {
            BridgeUnderTest deep = new BridgeUnderTest(keeping(DEEP, Reentry.GUEST)).asleep();
            deep.tell(new Closed());
            assertThat(deep.did()).containsExactly(new Wake(WakeCause.OPERATOR));
            deep.pass(LONG);
            assertThat(phase(deep)).isEqualTo(AWAKE);
            assertThat(deep.did()).isEmpty();
        }

        /** No guest is there whose policy it could be. */
        @ParameterizedTest
        @EnumSource
        void shouldSleepAgainAfterAForeignWakeWhileNobodyIsThere(Reentry reentry) {
            BridgeUnderTest alone = new BridgeUnderTest(keeping(KEPT, reentry)).asleep();
            alone.guestWritesHigh(PME_EN);
            alone.tell(new Closed());
            alone.pass(LONG);
            alone.tell(new Woken());
            assertThat(alone.did()).containsExactly(new Check());
            assertThat(phase(alone)).isEqualTo(PAUSING);
            alone.pass(HYSTERESIS);
            assertThat(alone.did()).containsExactly(ENTER);
            alone.tell(new Woken());
            assertThat(alone.waits()).contains(HYSTERESIS.multipliedBy(2));
        }

        @Test
        void shouldBeGivenToTheNextClientInD0WithoutPme() {
            kept.open();
            kept.tell(new GuestWrote(PME_EN | 3, LOW | HIGH));
            kept.tell(new Closed());
            kept.open();
            assertThat(kept.state().guest()).isEqualTo(D0);
            assertThat(kept.state().pme()).isEqualTo(Pme.OFF);
        }

        @Test
        void shouldStartTheNextClientWithTheShortestPause() {
            kept.asleep();
            kept.tell(new Closed());
            kept.tell(new Woken());
            assertThat(kept.state().pause()).isGreaterThan(HYSTERESIS);
            kept.open();
            assertThat(kept.state().pause()).isEqualTo(HYSTERESIS);
        }

        /** Both its entry and its D3hot are the device's own by now. */
        @Test
        void shouldBeTakenBackFromAClientThatManagedThemItself() {
            kept.open();
            kept.tell(new ClientEntered());
            kept.guest(D3HOT);
            kept.did();
            kept.tell(new Closed());
            assertThat(kept.did())
                    .containsExactly(new WritePmcsr(0, LOW | HIGH), new Wake(WakeCause.OPERATOR));
            assertThat(phase(kept)).isEqualTo(PAUSING);
            kept.pass(HYSTERESIS);
            assertThat(kept.did()).containsExactly(ENTER);
        }

        @Test
        void shouldNotSleepUnderTheMappingsOfAProcessThatLostItsConnection() {
            kept.open(true);
            kept.processHasMappings = true;
            kept.tell(new Closed());
            kept.pass(LONG);
            assertThat(kept.did()).containsExactly(new Inspect());
            assertThat(phase(kept)).isEqualTo(AWAKE);
            assertThat(kept.warnings).singleElement().asString().contains("the client is gone");
            kept.processHasMappings = false;
            kept.tell(new Unlocked());
            kept.pass(GRACE);
            assertThat(kept.did()).containsExactly(new Inspect(), ENTER);
        }

        @Test
        void shouldSleepOnceTheProcessIsGoneToo() {
            kept.open(true);
            kept.tell(new Closed());
            kept.pass(LONG);
            assertThat(kept.did()).containsExactly(new Inspect(), ENTER);
        }

        @Test
        void shouldRefuseTheClientIfTheyDoNotWake() {
            kept.asleep();
            kept.tell(new Closed());
            kept.doesNotAnswer = Optional.of("gone");
            assertThat(kept.tell(new Opened(true))).contains(Refusal.EIO);
            assertThat(kept.state().connected()).isFalse();
            assertThat(phase(kept)).isEqualTo(LOST);
            kept.tell(new Closed());
            assertThat(phase(kept)).isEqualTo(LOST);
            kept.doesNotAnswer = Optional.empty();
            kept.did();
            assertThat(kept.tell(new Opened(false))).isEmpty();
            assertThat(kept.did()).containsExactly(new Wake(WakeCause.CLIENT));
            assertThat(phase(kept)).isEqualTo(AWAKE);
        }

        @Test
        void shouldStayAwakeWhileTheyAreLocked() {
            kept.open();
            kept.tell(new Locked("wanted awake"));
            kept.tell(new Closed());
            kept.did();
            kept.pass(LONG);
            assertThat(phase(kept)).isEqualTo(AWAKE);
            assertThat(kept.did()).isEmpty();
            kept.tell(new Unlocked());
            assertThat(kept.did()).containsExactly(new HoldAwake(false), ENTER);
        }

        @Test
        void shouldNotSleepBeforeTheFirstClient() {
            assertThat(phase(kept)).isEqualTo(CLOSED);
            kept.tell(new Locked("a look"));
            kept.tell(new Unlocked());
            assertThat(kept.did()).doesNotContain(ENTER);
        }

        @Test
        void shouldBeForgivenByTheNextClientWhatTheLastOneMet() {
            kept.asleep();
            kept.tell(new Woken());
            assertThat(kept.state().spent()).isTrue();
            kept.tell(new Closed());
            assertThat(kept.state().spent()).isFalse();
            kept.pass(HYSTERESIS.multipliedBy(2));
            assertThat(phase(kept)).isEqualTo(ASLEEP);
        }

        @Test
        void shouldStayAwakeIfTheEntryIsRefusedUntilTheOperatorSaysOtherwise() {
            kept.open();
            kept.tell(new Closed());
            kept.refusesEntry = Optional.of("EBUSY");
            kept.pass(LONG);
            kept.refusesEntry = Optional.empty();
            kept.did();
            kept.pass(LONG);
            assertThat(kept.did()).isEmpty();
            kept.tell(new Unlocked());
            assertThat(kept.did()).containsExactly(ENTER);
        }
    }

    // ---- The operator ----

    @Nested
    class Operators {
        @ParameterizedTest
        @EnumSource
        void shouldHaveADeviceThatSleepsWoken(SleepEntry entry) {
            BridgeUnderTest sleeper = new BridgeUnderTest(by(entry)).asleep();
            sleeper.tell(new Locked("wanted awake"));
            assertThat(sleeper.did())
                    .containsExactly(new HoldAwake(true), new Wake(WakeCause.OPERATOR));
            assertThat(phase(sleeper)).isEqualTo(AWAKE);
            assertThat(sleeper.state().guest()).isEqualTo(D3HOT);
            sleeper.pass(LONG);
            assertThat(sleeper.did()).isEmpty();
        }

        @Test
        void shouldKeepADeviceFromFallingAsleep() {
            bridge.open(true);
            bridge.guest(D3HOT);
            bridge.tell(new Locked("wanted awake"));
            bridge.tell(new Unmapped());
            bridge.pass(LONG);
            assertThat(bridge.did()).containsExactly(new HoldAwake(true));
            assertThat(phase(bridge)).isEqualTo(AWAKE);
        }

        @Test
        void shouldLetItSleepAgainAtOnce() {
            bridge.asleep();
            bridge.tell(new Locked("wanted awake"));
            bridge.did();
            bridge.tell(new Unlocked());
            assertThat(bridge.did()).containsExactly(new HoldAwake(false), ENTER);
            assertThat(bridge.state().lock()).isEmpty();
        }

        @Test
        void shouldLeaveAGuestInD0Awake() {
            bridge.open();
            bridge.tell(new Locked("wanted awake"));
            bridge.tell(new Unlocked());
            assertThat(bridge.did()).containsExactly(new HoldAwake(true), new HoldAwake(false));
            assertThat(phase(bridge)).isEqualTo(AWAKE);
        }

        @Test
        void shouldHoldAndLetGoOnce() {
            bridge.open();
            bridge.tell(new Locked("one reason"));
            bridge.tell(new Locked("another"));
            assertThat(bridge.state().lock()).contains("another");
            bridge.tell(new Unlocked());
            bridge.tell(new Unlocked());
            assertThat(bridge.did()).containsExactly(new HoldAwake(true), new HoldAwake(false));
        }

        @Test
        void shouldHoldADeviceThatNobodyHasOpen() {
            bridge.tell(new Locked("wanted awake"));
            assertThat(phase(bridge)).isEqualTo(CLOSED);
            bridge.tell(new Unlocked());
            assertThat(phase(bridge)).isEqualTo(CLOSED);
            assertThat(bridge.did()).containsExactly(new HoldAwake(true), new HoldAwake(false));
        }

        @Test
        void shouldHurryNothingByLiftingALockThatIsNot() {
            bridge.open(true);
            bridge.guest(D3HOT);
            for (BridgePhase phase : List.of(UNMAPPING, PAUSING, ASLEEP)) {
                BridgeState before = bridge.state();
                assertThat(before.phase()).isEqualTo(phase);
                bridge.tell(new Unlocked());
                assertThat(bridge.state()).isEqualTo(before);
                bridge.tell(new Unmapped());
                bridge.pass(phase == PAUSING ? GRACE : Duration.ZERO);
            }
        }

        @Test
        void shouldHearOfADeviceThatDoesNotWakeForThem() {
            bridge.asleep();
            bridge.doesNotAnswer = Optional.of("gone");
            assertThat(bridge.tell(new Locked("wanted awake"))).contains(Refusal.EIO);
            assertThat(phase(bridge)).isEqualTo(LOST);
            assertThat(bridge.state().lock()).contains("gone");
            assertThat(bridge.did())
                    .containsExactly(new HoldAwake(true), new Wake(WakeCause.OPERATOR));
        }
    }

    // ---- What counts, and what comes late ----

    @Nested
    class Counts {
        private void counted(long entries, long guest, long own, long foreign, long failures) {
            assertThat(bridge.state().counts())
                    .isEqualTo(new BridgeCounts(entries, guest, own, foreign, failures));
        }

        @Test
        void shouldTellWhatEndedEachSleep() {
            bridge.asleep();
            counted(1, 0, 0, 0, 0);
            bridge.guest(D0);
            counted(1, 1, 0, 0, 0);
            bridge.guest(D3HOT);
            bridge.tell(new Touched());
            counted(2, 1, 1, 0, 0);
            bridge.pass(LONG);
            bridge.tell(new Locked("a look"));
            counted(3, 1, 2, 0, 0);
            bridge.tell(new Unlocked());
            bridge.tell(new Woken());
            counted(4, 1, 2, 1, 0);
        }

        @Test
        void shouldNotTakeAGuestThatStayedAwakeForAWake() {
            bridge.open(true);
            bridge.guest(D3HOT);
            bridge.guest(D0);
            counted(0, 0, 0, 0, 0);
        }

        @Test
        void shouldTellOfFailuresOfEveryKind() {
            bridge.open(true);
            bridge.processHasMappings = true;
            bridge.guest(D3HOT);
            bridge.pass(GRACE);
            counted(0, 0, 0, 0, 1);
            bridge.refusesEntry = Optional.of("EBUSY");
            bridge.tell(new Unmapped());
            bridge.pass(GRACE);
            counted(0, 0, 0, 0, 2);
            bridge.refusesEntry = Optional.empty();
            bridge.tell(new Unlocked());
            counted(1, 0, 0, 0, 2);
            bridge.doesNotAnswer = Optional.of("gone");
            bridge.guest(D0);
            counted(1, 1, 0, 0, 3);
            bridge.doesNotAnswer = Optional.empty();
            bridge.wakeTakes = WAKE_TIMEOUT.plusMillis(1);
            bridge.guest(D0);
            counted(1, 1, 0, 0, 4);
        }
    }

    @Nested
    class LateWord {
        @Test
        void shouldNotRemindOfWhatIsOver() {
            bridge.open(true);
            bridge.guest(D3HOT);
            long old = bridge.state().epoch();
            bridge.tell(new Unmapped());
            bridge.tell(new Reminded(old));
            bridge.tell(new Reminded(bridge.state().epoch() + 1));
            assertThat(phase(bridge)).isEqualTo(PAUSING);
            assertThat(bridge.did()).isEmpty();
        }

        @Test
        void shouldNotBelieveInResultsThatNobodyWaitsFor() {
            bridge.open();
            BridgeState awake = bridge.state();
            for (BridgeEvent late :
                    List.of(
                            new Entered(),
                            new EntryRefused("late"),
                            new Awoken(WakeCause.REQUEST, WAKE_TIMEOUT.multipliedBy(2)),
                            new Reminded(awake.epoch()))) {
                bridge.tell(late);
                assertThat(bridge.state()).isEqualTo(awake);
            }
            assertThat(bridge.did()).isEmpty();
            assertThat(bridge.warnings).isEmpty();
        }

        /** Whoever closes, locks or opens does not wait for an entry that is under way. */
        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void shouldBeWokenFromAnEntryThatIsUnderWay(boolean byTheOperator) {
            BridgeUnderTest kept = new BridgeUnderTest(keeping(DEEP, Reentry.GUEST)).open();
            kept.step(new GuestWrote(3, LOW));
            assertThat(phase(kept)).isEqualTo(ENTERING);
            BridgeStep step = kept.step(byTheOperator ? new Locked("wanted awake") : new Closed());
            assertThat(step.effects()).endsWith(new Wake(WakeCause.OPERATOR));
            kept.step(new Entered());
            assertThat(phase(kept)).isEqualTo(WAKING);
            kept.step(new Awoken(WakeCause.OPERATOR, MOMENT));
            assertThat(phase(kept)).isEqualTo(AWAKE);
        }
    }

    @Nested
    class Configuration {
        private static BridgeConfig of(Duration hysteresis, Duration grace, Duration timeout) {
            return new BridgeConfig(
                    SleepEntry.WAKEUP,
                    Reentry.GUEST,
                    hysteresis,
                    grace,
                    timeout,
                    false,
                    KEPT,
                    DEFAULT.pmeFrom());
        }

        @Test
        void shouldTakeTimesOfADayAtMost() {
            Duration day = Duration.ofDays(1);
            assertThat(of(day, day, day).hysteresis()).isEqualTo(day);
            assertThat(of(Duration.ZERO, Duration.ZERO, Duration.ofMillis(1)).grace()).isZero();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> of(day.plusNanos(1), GRACE, WAKE_TIMEOUT))
                    .withMessageStartingWith("the hysteresis is 24h");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> of(HYSTERESIS, Duration.ofNanos(-1), WAKE_TIMEOUT))
                    .withMessageStartingWith("the grace is ")
                    .withMessageEndingWith(": it must be 0 to 24 h");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> of(HYSTERESIS, GRACE, Duration.ZERO))
                    .withMessage("the wake timeout is 0s: it must be 1 ms to 24 h");
        }
    }
}
