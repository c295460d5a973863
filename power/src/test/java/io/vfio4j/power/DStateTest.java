/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static io.vfio4j.power.PciPowerState.D0;
import static io.vfio4j.power.PciPowerState.D1;
import static io.vfio4j.power.PciPowerState.D2;
import static io.vfio4j.power.PciPowerState.D3COLD;
import static io.vfio4j.power.PciPowerState.D3HOT;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/** Spec E and B6: D-states, legal transitions, delays, and what a suspend does with them. */
class DStateTest {
    private static final PowerConfig ALL = DeviceUnderTest.ALL_STATES;

    @Test
    void shouldUseTheNamesOfSysfs() {
        assertThat(PciPowerState.values())
                .extracting(PciPowerState::sysfsName)
                .containsExactly("D0", "D1", "D2", "D3hot", "D3cold");
        assertThat(PciPowerState.values())
                .extracting(PciPowerState::pmcsrBits)
                .containsExactly(0, 1, 2, 3, 3);
        assertThat(PciPowerState.ofPmcsrBits(0xfff7)).isEqualTo(D3HOT);
    }

    @Nested
    class LegalTransitions {
        /** D0->D1/2/3, D1->D2/3, D2->D3, any->D0; upward moves other than to D0 are refused. */
        @ParameterizedTest(name = "{0} -> {1} gives {2}")
        @CsvSource({
            "D0,D0,D0", "D0,D1,D1", "D0,D2,D2", "D0,D3HOT,D3HOT",
            "D1,D0,D0", "D1,D1,D1", "D1,D2,D2", "D1,D3HOT,D3HOT",
            "D2,D0,D0", "D2,D1,D2", "D2,D2,D2", "D2,D3HOT,D3HOT",
            "D3HOT,D0,D0", "D3HOT,D1,D3HOT", "D3HOT,D2,D3HOT", "D3HOT,D3HOT,D3HOT"
        })
        void shouldFollowLinux(PciPowerState from, PciPowerState to, PciPowerState expected) {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            assertThat(device.writePmcsr(from)).isEqualTo(from);
            device.actions.log.clear();
            assertThat(device.writePmcsr(to)).isEqualTo(expected);
            assertThat(device.power.powerState()).isEqualTo(expected);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.actions.count(from.sysfsName() + "->"))
                    .isEqualTo(from == expected ? 0 : 1);
        }

        @Test
        void shouldIgnoreUnsupportedStates() {
            DeviceUnderTest device = DeviceUnderTest.open(DeviceUnderTest.D3HOT);
            assertThat(device.writePmcsr(D1)).isEqualTo(D0);
            assertThat(device.writePmcsr(D2)).isEqualTo(D0);
            assertThat(device.writePmcsr(D3COLD)).isEqualTo(D0);
            assertThat(device.actions.log).isEmpty();
        }

        @Test
        void shouldStayInD0WithoutPmCapability() {
            DeviceUnderTest device =
                    DeviceUnderTest.open(PowerConfig.DEFAULT.withPm(PmCapability.NONE));
            assertThat(device.writePmcsr(D3HOT)).isEqualTo(D0);
        }

        @Test
        void shouldRefuseSilentlyWithVirtualFunctions() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.writePmcsr(D3HOT);
            device.power.host().enableVfs(1);
            assertThat(device.power.userState()).isEqualTo(D0);
            assertThat(device.writePmcsr(D3HOT)).isEqualTo(D0);
            device.power.host().disableVfs();
            assertThat(device.writePmcsr(D3HOT)).isEqualTo(D3HOT);
        }

        @Test
        void shouldStaySilentlyIfTheDeviceDoesNotFollow() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.actions.failMove = Optional.of(Refusal.EIO);
            assertThat(device.writePmcsr(D3HOT)).isEqualTo(D0);
            assertThat(device.power.mappingsAccessible()).isTrue();
            assertThat(device.actions.mapped).isTrue();
        }
    }

    @Nested
    class UserD3hot {
        @Test
        void shouldTakeMappingsAndMemoryAwayBeforeTheMoveAndGiveThemBackAfterIt() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.writePmcsr(D3HOT);
            assertThat(device.power.memoryAccessible()).isFalse();
            device.writePmcsr(D0);
            assertThat(device.power.memoryAccessible()).isTrue();
            assertThat(device.actions.log)
                    .containsExactly(
                            "revoked",
                            "suspend D3hot",
                            "D0->D3hot",
                            "D3hot->D0",
                            "resume D3hot",
                            "live");
        }

        @Test
        void shouldNotSurviveASuspend() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.writePmcsr(D3HOT);
            device.enter(device.oldWakeup);
            device.actions.log.clear();
            device.queue.drain();
            assertThat(device.actions.log)
                    .containsExactly(
                            "D3hot->D0", "resume D3hot", "mask INTx", "suspend D3hot", "D0->D3hot");
            device.touch();
            assertThat(device.power.userState()).isEqualTo(D0);
            assertThat(device.power.memoryAccessible()).isTrue();
            assertThat(device.power.mappingsAccessible()).isTrue();
        }

        @Test
        void shouldBeUndoneByResetAndLastClose() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.writePmcsr(D3HOT);
            device.actions.log.clear();
            try (Access access = device.power.access()) {
                access.deviceReset();
            }
            assertThat(device.actions.log)
                    .containsExactly("D3hot->D0", "resume D3hot", "live", "reset");
            device.writePmcsr(D2);
            device.actions.log.clear();
            device.power.lastClose();
            assertThat(device.actions.log)
                    .startsWith("revoked", "D2->D0", "resume D2", "tear down");
        }
    }

    /** Leaving D0 and coming back is told to the model, whoever asked for it. */
    @Nested
    class ModelInUserState {
        private final DeviceUnderTest device = DeviceUnderTest.open(ALL);

        @Test
        void shouldHearOfEveryDeeperStateAndOnceOfD0() {
            device.writePmcsr(D1);
            device.writePmcsr(D2);
            device.writePmcsr(D3HOT);
            device.writePmcsr(D3HOT);
            device.writePmcsr(D0);
            assertThat(device.actions.log)
                    .filteredOn(line -> line.matches("(suspend|resume) .*"))
                    .containsExactly("suspend D1", "suspend D2", "suspend D3hot", "resume D3hot");
            assertThat(device.power.state().pci().asleep()).isFalse();
        }

        @Test
        void shouldStayAwakeIfItDoesNotWantToSleep() {
            device.actions.failSuspend = Optional.of(Refusal.EBUSY);
            assertThat(device.writePmcsr(D3HOT)).isEqualTo(D0);
            assertThat(device.power.mappingsAccessible()).isTrue();
            assertThat(device.power.state().pci().asleep()).isFalse();
            assertThat(device.actions.count("D0->")).isZero();
        }

        @Test
        void shouldStayInTheShallowerStateIfItDoesNotFollowToTheDeeperOne() {
            device.writePmcsr(D1);
            device.actions.failSuspend = Optional.of(Refusal.EBUSY);
            assertThat(device.writePmcsr(D2)).isEqualTo(D1);
            device.actions.failSuspend = Optional.empty();
            device.actions.failMove = Optional.of(Refusal.EIO);
            assertThat(device.writePmcsr(D2)).isEqualTo(D1);
            assertThat(device.power.state().pci().asleepIn()).contains(D1);
        }

        @Test
        void shouldBeToldToWakeIfTheFunctionDidNotFollow() {
            device.actions.failMove = Optional.of(Refusal.EIO);
            device.writePmcsr(D3HOT);
            assertThat(device.actions.log)
                    .filteredOn(line -> !line.startsWith("WARN"))
                    .containsExactly(
                            "revoked", "suspend D3hot", "D0->D3hot", "resume D3hot", "live");
        }

        @Test
        void shouldBeAskedAgainIfItDidNotWake() {
            device.writePmcsr(D3HOT);
            device.actions.failResume = Optional.of(Refusal.EIO);
            assertThat(device.writePmcsr(D0)).isEqualTo(D3HOT);
            assertThat(device.power.memoryAccessible()).isFalse();
            device.actions.failResume = Optional.empty();
            assertThat(device.writePmcsr(D0)).isEqualTo(D0);
            assertThat(device.power.mappingsAccessible()).isTrue();
        }
    }

    /** A model that does not wake from the user's D3hot: a reset, and the next user, get it out. */
    @Nested
    class RefusingToWake {
        private final DeviceUnderTest device = DeviceUnderTest.open(ALL);

        RefusingToWake() {
            device.writePmcsr(D3HOT);
            device.actions.failResume = Optional.of(Refusal.ETIMEDOUT);
            device.actions.log.clear();
        }

        private void reset() {
            try (Access access = device.power.access()) {
                access.deviceReset();
            }
        }

        private List<String> told() {
            return device.actions.log.stream().filter(line -> !line.startsWith("WARN")).toList();
        }

        @Test
        void shouldBeResetAndThenBeAwake() {
            reset();
            assertThat(told()).containsExactly("D3hot->D0", "resume D3hot", "reset", "live");
            assertThat(device.power.userState()).isEqualTo(D0);
            assertThat(device.power.powerState()).isEqualTo(D0);
            assertThat(device.power.state().pci().asleep()).isFalse();
            assertThat(device.power.memoryAccessible()).isTrue();
        }

        @Test
        void shouldStayWhereItIsIfTheResetFailsToo() {
            device.actions.failReset = Optional.of(Refusal.ENODEV);
            assertThatThrownBy(this::reset)
                    .isInstanceOfSatisfying(
                            PowerException.class,
                            e -> assertThat(e.refusal()).isEqualTo(Refusal.ENODEV));
            assertThat(device.power.userState()).isEqualTo(D3HOT);
            assertThat(device.power.state().pci().asleepIn()).contains(D3HOT);
            assertThat(device.power.mappingsAccessible()).isFalse();
            device.actions.failResume = Optional.empty();
            assertThat(device.writePmcsr(D0)).isEqualTo(D0);
        }

        @Test
        void shouldBeResetByTheLastClose() {
            device.power.lastClose();
            device.queue.drain();
            assertThat(told()).contains("reset", "tear down", "suspend D3hot");
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            device.actions.failResume = Optional.empty();
            device.power.open(true);
            assertThat(device.power.userState()).isEqualTo(D0);
            assertThat(device.power.mappingsAccessible()).isTrue();
        }

        @Test
        void shouldHaveAnotherChanceAtTheNextOpen() {
            device.actions.failReset = Optional.of(Refusal.EIO);
            device.power.lastClose();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).as("no error sticks").isEqualTo("active");
            assertThat(device.power.state().pci().asleepIn()).contains(D3HOT);
            assertThat(device.power.usage()).isZero();

            device.power.open(true);
            assertThat(device.power.userState()).as("refuses still").isEqualTo(D3HOT);
            device.power.lastClose();
            device.queue.drain();

            device.actions.failReset = Optional.empty();
            device.power.open(true);
            assertThat(device.power.userState()).isEqualTo(D0);
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.mappingsAccessible()).isTrue();
        }

        @Test
        void shouldNotFailEveryLaterAccessBecauseOfALowPowerEntry() {
            device.enter();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.power.userState()).isEqualTo(D3HOT);
            device.exit();
            device.actions.failResume = Optional.empty();
            assertThat(device.writePmcsr(D0)).isEqualTo(D0);
            assertThat(device.power.mappingsAccessible()).isTrue();
        }
    }

    /** What a client finds behind its mappings (spec B4, E, I.11). */
    @Nested
    class Views {
        private DeviceUnderTest openedBy(boolean bearsFaults) {
            DeviceUnderTest device = new DeviceUnderTest(ALL);
            device.power.open(bearsFaults);
            device.power.setMemoryEnabled(true);
            assertThat(device.power.state().mappingView()).isEqualTo(MappingView.LIVE);
            return device;
        }

        @ParameterizedTest(name = "{0}, bears faults: {1} -> {2}")
        @CsvSource({
            "D1, true, BLANK", "D1, false, BLANK",
            "D2, true, BLANK", "D2, false, BLANK",
            "D3HOT, true, REVOKED", "D3HOT, false, BLANK"
        })
        void shouldGoWithTheUserState(PciPowerState state, boolean bearsFaults, MappingView view) {
            DeviceUnderTest device = openedBy(bearsFaults);
            device.writePmcsr(state);
            assertThat(device.power.state().mappingView()).isEqualTo(view);
            device.writePmcsr(D0);
            assertThat(device.power.state().mappingView()).isEqualTo(MappingView.LIVE);
            assertThat(device.actions.mapped).isTrue();
        }

        @Test
        void shouldNeverFaultUnderAVmmUnlessItAskedForLowPower() {
            DeviceUnderTest device = openedBy(false);
            device.power.setMemoryEnabled(false);
            assertThat(device.power.state().mappingView()).isEqualTo(MappingView.BLANK);
            device.power.setMemoryEnabled(true);
            device.writePmcsr(D3HOT);
            device.writePmcsr(D0);
            assertThat(device.actions.count("revoked")).isZero();
            device.enter();
            assertThat(device.actions.count("revoked")).isEqualTo(1);
            assertThat(device.power.state().mappingView()).isEqualTo(MappingView.REVOKED);
            device.exit();
            assertThat(device.power.state().mappingView()).isEqualTo(MappingView.LIVE);
        }

        /** Spec I3: an entry that succeeds leaves no mapping; and B3: one that fails, all. */
        @ParameterizedTest(name = "with wakeup: {0}")
        @ValueSource(booleans = {false, true})
        void shouldRefuseAnEntryThatCannotTakeThemAway(boolean withWakeup) {
            DeviceUnderTest device = openedBy(true);
            device.actions.failShow = Optional.of(Refusal.EIO);
            assertThatExceptionOfType(PowerException.class)
                    .isThrownBy(() -> enter(device, withWakeup))
                    .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.EIO))
                    .withMessageContaining("mappings could not be revoked");
            assertThat(device.power.contractState()).isEqualTo(ContractState.OFF);
            assertThat(device.power.state().mappingView()).isEqualTo(device.actions.view);
            assertThat(device.power.state().inFlight()).isZero();
            assertThat(device.newWakeup.endings()).as("left with the caller").isZero();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");

            device.actions.failShow = Optional.empty();
            enter(device, withWakeup);
            assertThat(device.actions.view).isEqualTo(MappingView.REVOKED);
        }

        private void enter(DeviceUnderTest device, boolean withWakeup) {
            if (withWakeup) {
                device.enter(device.newWakeup);
            } else {
                device.enter();
            }
        }

        @Test
        void shouldBeTakenAwayByAnEntryThoughThatHadFailedBefore() {
            DeviceUnderTest device = openedBy(true);
            device.actions.failShow = Optional.of(Refusal.EIO);
            device.writePmcsr(D3HOT);
            assertThat(device.actions.view).isEqualTo(MappingView.LIVE);
            device.actions.failShow = Optional.empty();
            device.enter();
            assertThat(device.actions.view).isEqualTo(MappingView.REVOKED);
        }

        /** Who has gone must not see the device wake. */
        @Test
        void shouldBeTakenAwayBeforeTheLastCloseWakesTheDevice() {
            DeviceUnderTest device = openedBy(false);
            device.enter();
            device.queue.drain();
            device.actions.log.clear();
            device.actions.duringResume =
                    () -> assertThat(device.actions.view).isEqualTo(MappingView.REVOKED);
            device.power.lastClose();
            int cut = device.actions.log.indexOf("tear down");
            assertThat(device.actions.log.subList(0, cut))
                    .contains("resume D3hot")
                    .doesNotContain("live", "blank");
        }

        /** An open is decided outside of the turn; a write of COMMAND may then overtake it. */
        @Test
        void shouldShowWhatHoldsWhenItIsCarriedOut() throws InterruptedException {
            DeviceUnderTest device = new DeviceUnderTest(ALL);
            AtomicReference<Thread> opener = new AtomicReference<>();
            device.actions.duringReset =
                    () -> {
                        opener.set(
                                Thread.ofPlatform().daemon().start(() -> device.power.open(false)));
                        await().until(() -> opener.get().getState() == Thread.State.WAITING);
                        device.power.setMemoryEnabled(true);
                    };
            DevicePower.hotReset(List.of(device.power));
            opener.get().join();
            assertThat(device.power.state().mappingView()).isEqualTo(MappingView.LIVE);
            assertThat(device.actions.view).isEqualTo(MappingView.LIVE);
        }

        @Test
        void shouldForgetWhatTheLastClientBore() {
            DeviceUnderTest device = openedBy(false);
            device.power.lastClose();
            device.power.open(true);
            device.writePmcsr(D3HOT);
            assertThat(device.power.state().mappingView()).isEqualTo(MappingView.REVOKED);
        }
    }

    @Nested
    class SuspendTarget {
        private PciPowerState sleepsIn(PowerConfig config, boolean d3coldAllowed) {
            DeviceUnderTest device = DeviceUnderTest.open(config);
            device.power.host().writeD3coldAllowed(d3coldAllowed);
            device.enter();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            return device.power.powerState();
        }

        @Test
        void shouldBeD3coldWhereThePlatformCanAndItIsAllowed() {
            assertThat(sleepsIn(DeviceUnderTest.D3COLD, true)).isEqualTo(D3COLD);
            assertThat(sleepsIn(DeviceUnderTest.D3COLD, false)).isEqualTo(D3HOT);
            assertThat(sleepsIn(DeviceUnderTest.D3HOT, true)).isEqualTo(D3HOT);
        }

        @Test
        void shouldStayInD0WithoutPmCapability() {
            PowerConfig edu = PowerConfig.DEFAULT.withPm(PmCapability.NONE);
            assertThat(sleepsIn(edu, true)).isEqualTo(D0);
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, edu);
            assertThat(device.power.mappingsAccessible()).isFalse();
            assertThat(device.power.ioeventfdKick(() -> {})).isEqualTo(IoEventFdOutcome.WRITTEN);
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            assertThat(device.power.usage()).isZero();
            device.touch();
            assertThat(device.actions.log).contains("resume D0");
            assertThat(device.oldWakeup.signals).hasValue(1);
        }

        /** A vfio-user device "should otherwise retain" its state when a client goes. */
        @Test
        void shouldBeNoDeeperThanAClientsStateIsKeptForTheNextOne() {
            assertThat(closedIn(DeviceUnderTest.D3COLD)).isEqualTo(D3COLD);
            assertThat(closedIn(DeviceUnderTest.D3COLD.withStateKept(true))).isEqualTo(D3HOT);
            PmCapability forgets = new PmCapability(true, false, false, false, Set.of());
            PowerConfig soft = DeviceUnderTest.D3COLD.withPm(forgets).withStateKept(true);
            assertThat(closedIn(soft)).isEqualTo(D0);
        }

        @Test
        void shouldCutThePowerOfADeviceThatNobodyHasHad() {
            DeviceUnderTest fresh = new DeviceUnderTest(DeviceUnderTest.D3COLD.withStateKept(true));
            fresh.queue.drain();
            assertThat(fresh.power.powerState()).isEqualTo(D3COLD);
            fresh.power.open(true);
            fresh.enter();
            fresh.queue.drain();
            assertThat(fresh.power.powerState()).as("open, and engaged").isEqualTo(D3COLD);
        }

        private PciPowerState closedIn(PowerConfig config) {
            DeviceUnderTest device = DeviceUnderTest.open(config);
            device.power.lastClose();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            return device.power.powerState();
        }

        @Test
        void shouldTakeANewPermissionAtTheNextSuspend() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_S, DeviceUnderTest.D3COLD);
            device.power.host().writeD3coldAllowed(false);
            device.queue.drain();
            assertThat(device.power.powerState()).isEqualTo(D3HOT);
        }
    }

    @Nested
    class Pme {
        @Test
        void shouldBeArmedOnlyIfSignalledFromTheTargetAndHeardUpstream() {
            for (boolean heard : List.of(true, false)) {
                for (Set<PciPowerState> from : List.of(Set.of(D3HOT), Set.of(D3COLD))) {
                    DeviceUnderTest device =
                            DeviceUnderTest.in(
                                    ContractState.W_S,
                                    PowerConfig.DEFAULT
                                            .withPlatformWake(heard)
                                            .withPm(
                                                    new PmCapability(
                                                            true, false, false, true, from)));
                    boolean can = from.contains(D3HOT);
                    assertThat(device.power.state().pci().pmeArmed()).isEqualTo(heard && can);
                    assertThat(device.power.wakeEvent()).isEqualTo(can);
                    device.queue.drain();
                    assertThat(device.oldWakeup.signals).hasValue(heard && can ? 1 : 0);
                }
            }
        }

        @Test
        void shouldBeArmedBeforeTheMoveAndDisarmedAfterTheRestore() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL.withPlatformWake(true));
            device.enter();
            device.actions.log.clear();
            device.queue.drain();
            assertThat(device.actions.log)
                    .containsExactly("mask INTx", "suspend D3hot", "arm PME", "D0->D3hot");
            device.actions.log.clear();
            device.touch();
            assertThat(device.actions.log)
                    .containsExactly("D3hot->D0", "resume D3hot", "disarm PME");
            assertThat(device.power.state().pci().pmeArmed()).isFalse();
        }
    }

    /** 10 ms D0<->D3hot, 200 us for D2, 100 ms after D3cold power-up, then poll until ready. */
    @Nested
    class DelaysUsed {
        @ParameterizedTest(name = "{0} -> {1}: {2} us")
        @CsvSource({
            "D0,D1,0",
            "D1,D0,0",
            "D0,D2,200",
            "D1,D2,200",
            "D2,D0,200",
            "D0,D3HOT,10000",
            "D1,D3HOT,10000",
            "D2,D3HOT,10000",
            "D3HOT,D0,10000",
            "D0,D3COLD,10000",
            "D3COLD,D0,100000",
            "D0,D0,0"
        })
        void shouldBeThoseOfTheSpecification(PciPowerState from, PciPowerState to, long micros) {
            assertThat(Delays.SPEC.between(from, to)).isEqualTo(Duration.ofNanos(micros * 1000));
            assertThat(Delays.ZERO.between(from, to)).isZero();
        }

        @Test
        void shouldHaveNames() {
            assertThat(Delays.named("fast")).contains(Delays.ZERO);
            assertThat(Delays.named("spec")).contains(Delays.SPEC);
            assertThat(Delays.named("slow")).contains(Delays.SLOW);
            assertThat(Delays.named("SPEC")).isEmpty();
            assertThat(Delays.named("")).isEmpty();
        }

        /** A second and more. */
        @Test
        void shouldBeLongOnASlowDevice() {
            DeviceUnderTest device =
                    DeviceUnderTest.in(
                            ContractState.OFF, DeviceUnderTest.D3COLD.withDelays(Delays.SLOW));
            device.clock.sleeps.clear();
            device.writePmcsr(D3HOT);
            device.writePmcsr(D0);
            device.enter();
            device.queue.drain();
            device.actions.pollsUntilReady = 2;
            device.touch();
            assertThat(device.clock.sleeps)
                    .containsExactly(
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(1),
                            Duration.ofMillis(1),
                            Duration.ofMillis(2));
        }

        /**
         * The worst that one request meets, ready at the last moment or never: all that follows is
         * waited for by a write of PMCSR that comes when the suspend begins.
         */
        @ParameterizedTest
        @CsvSource({"false", "true"})
        void shouldNotBeTooLongForQemuOnASlowDevice(boolean never) {
            DeviceUnderTest device =
                    DeviceUnderTest.in(
                            ContractState.OFF, DeviceUnderTest.D3COLD.withDelays(Delays.SLOW));
            device.writePmcsr(D3HOT);
            device.enter();
            // 1 to 64 ms, doubled, 100 ms twice, and the rest.
            device.actions.pollsUntilReady = 10;
            device.actions.answersAfterPowerOn = !never;
            long start = device.clock.nanoTime();
            device.queue.drain();
            assertThat(device.power.powerState()).isEqualTo(D3COLD);
            device.writePmcsr(D3HOT);

            Duration took = Duration.ofNanos(device.clock.nanoTime() - start);
            assertThat(device.power.powerState()).isEqualTo(never ? D3COLD : D3HOT);
            assertThat(took).isEqualTo(Duration.ofMillis(never ? 3400 : 4400));
        }

        /** Ready after 33 s, by a clock that only polls move. */
        @Test
        void shouldBeNoticedSoonAfterALongWait() {
            Delays patient =
                    new Delays(
                            Duration.ZERO,
                            Duration.ZERO,
                            Duration.ZERO,
                            Duration.ofMillis(1),
                            Duration.ofMinutes(1));
            DeviceUnderTest device =
                    DeviceUnderTest.in(
                            ContractState.N_S, DeviceUnderTest.D3COLD.withDelays(patient));
            long start = device.clock.nanoTime();
            device.actions.readyAt =
                    () -> device.clock.nanoTime() - start >= Duration.ofSeconds(33).toNanos();
            device.touch();
            assertThat(device.power.state().inaccessible()).isFalse();
            assertThat(Duration.ofNanos(device.clock.nanoTime() - start))
                    .isBetween(Duration.ofSeconds(33), Duration.ofMillis(33_100));
        }

        @Test
        void shouldBeSleptOnTheInjectedClockOnly() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL.withDelays(Delays.SPEC));
            device.clock.sleeps.clear();
            device.writePmcsr(D1);
            device.writePmcsr(D2);
            device.writePmcsr(D3HOT);
            device.writePmcsr(D0);
            assertThat(device.clock.sleeps)
                    .containsExactly(
                            Duration.ofNanos(200_000),
                            Duration.ofMillis(10),
                            Duration.ofMillis(10));
        }

        @Test
        void shouldPollAfterD3coldUntilReady() {
            DeviceUnderTest device =
                    DeviceUnderTest.in(
                            ContractState.W_S, DeviceUnderTest.D3COLD.withDelays(Delays.SPEC));
            device.clock.sleeps.clear();
            device.actions.pollsUntilReady = 3;
            device.touch();
            assertThat(device.clock.sleeps)
                    .containsExactly(
                            Duration.ofMillis(100),
                            Duration.ofMillis(1),
                            Duration.ofMillis(2),
                            Duration.ofMillis(4));
            assertThat(device.power.powerState()).isEqualTo(D0);
        }
    }

    /** "A power-up that reads back all ones marks the device D3cold/inaccessible" (and I.10). */
    @Nested
    class Inaccessible {
        private final DeviceUnderTest device =
                DeviceUnderTest.in(
                        ContractState.W_S, DeviceUnderTest.D3COLD.withDelays(Delays.SPEC));

        Inaccessible() {
            device.actions.answersAfterPowerOn = false;
            device.touch();
        }

        @Test
        void shouldStillSignalAndEndLowPower() {
            assertThat(device.oldWakeup.signals).hasValue(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.contractState()).isEqualTo(ContractState.OFF);
        }

        @Test
        void shouldShowD3coldAndRefuseMemory() {
            assertThat(device.power.powerState()).isEqualTo(D3COLD);
            assertThat(device.power.state().inaccessible()).isTrue();
            assertThat(device.power.memoryAccessible()).isFalse();
            assertThat(device.power.mappingsAccessible()).isFalse();
            assertThat(device.power.ioeventfdKick(() -> {})).isEqualTo(IoEventFdOutcome.DROPPED);
            assertThat(device.writePmcsr(D3HOT)).isEqualTo(D0);
        }

        @Test
        void shouldTellTheModelNothingUntilAPowerUpSucceeds() {
            assertThat(device.actions.count("resume ")).isZero();
            device.enter();
            device.queue.drain();
            assertThat(device.actions.count("suspend ")).isZero();
            device.actions.answersAfterPowerOn = true;
            device.exit();
            assertThat(device.actions.count("resume D3cold")).isEqualTo(1);
            assertThat(device.power.state().inaccessible()).isFalse();
            assertThat(device.power.mappingsAccessible()).isTrue();
            assertThat(device.actions.mapped).isTrue();
        }

        @Test
        void shouldCloseAndOpenAgain() {
            device.power.lastClose();
            device.queue.drain();
            assertThat(device.power.usage()).isZero();
            device.actions.answersAfterPowerOn = true;
            device.power.open(true);
            assertThat(device.power.powerState()).isEqualTo(D0);
        }
    }

    /** A device layer's suspend may fail; then nothing is left masked, armed, revoked or asleep. */
    @Nested
    class FailedSuspend {
        @Test
        void shouldWakeTheModelAgainIfTheMoveFailedAfterItWasTold() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL.withPlatformWake(true));
            device.actions.intxUnmasked = true;
            device.actions.failMove = Optional.of(Refusal.EBUSY);
            device.enter();
            device.actions.log.clear();
            device.queue.drain();
            assertThat(device.actions.log)
                    .filteredOn(line -> !line.startsWith("WARN"))
                    .containsExactly(
                            "mask INTx",
                            "suspend D3hot",
                            "arm PME",
                            "D0->D3hot",
                            "resume D0",
                            "disarm PME",
                            "unmask INTx");
            assertThat(device.power.powerState()).isEqualTo(D0);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.power.state().pci().pmeArmed()).isFalse();
            assertThat(device.power.state().pci().asleep()).isFalse();
        }

        @Test
        void shouldStickIfTheModelDoesNotWakeAgain() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.actions.failMove = Optional.of(Refusal.EBUSY);
            device.actions.failResume = Optional.of(Refusal.EAGAIN);
            device.enter();
            device.queue.drain();
            assertThat(device.actions.count("resume ")).isEqualTo(1);
            assertThat(device.power.state().status()).isEqualTo(RuntimeStatus.ACTIVE);
            assertThat(device.power.runtimeStatus()).isEqualTo("error");
        }

        @Test
        void shouldStayWhereTheUserPutItIfItDidNotEvenReachD0() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.writePmcsr(D3HOT);
            device.enter();
            device.actions.failMove = Optional.of(Refusal.EBUSY);
            device.queue.drain();
            assertThat(device.power.userState()).isEqualTo(D3HOT);
            assertThat(device.power.powerState()).isEqualTo(D3HOT);
            assertThat(device.actions.count("suspend ")).isEqualTo(1);
            assertThat(device.actions.count("resume ")).isZero();
            assertThat(device.power.state().pci().asleepIn()).contains(D3HOT);
        }

        @Test
        void shouldGiveTheMappingsOfAClosedDeviceBackAfterTheModelIsAwake() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.actions.failMove = Optional.of(Refusal.EBUSY);
            device.power.lastClose();
            device.actions.log.clear();
            device.queue.drain();
            assertThat(device.actions.log)
                    .filteredOn(line -> !line.startsWith("WARN"))
                    .containsExactly(
                            "revoked",
                            "mask INTx",
                            "suspend D3hot",
                            "D0->D3hot",
                            "resume D0",
                            "live");
            assertThat(device.actions.mapped).isTrue();
        }
    }

    @Nested
    class IoEventFd {
        @Test
        void shouldBeDroppedInUserD3hotAndWithMemoryDisabled() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.writePmcsr(D3HOT);
            assertThat(device.power.ioeventfdKick(() -> {})).isEqualTo(IoEventFdOutcome.DROPPED);
            device.writePmcsr(D0);
            device.power.setMemoryEnabled(false);
            assertThat(device.power.ioeventfdKick(() -> {})).isEqualTo(IoEventFdOutcome.DROPPED);
            assertThat(device.power.usage()).isEqualTo(1);
        }

        /** I.12: not written to a function on its way down or up. */
        @Test
        void shouldBeDroppedDuringATransition() {
            DeviceUnderTest device = DeviceUnderTest.open(ALL);
            device.actions.duringSuspend =
                    () -> device.power.ioeventfdKick(() -> device.actions.record("written"));
            device.actions.duringResume = device.actions.duringSuspend;
            device.enter();
            device.queue.drain();
            device.touch();
            assertThat(device.actions.count("written")).isZero();
        }

        @Test
        void shouldNotFallAsleepUnderTheWrite() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_A, ALL);
            device.power.ioeventfdKick(() -> {
                device.queue.drain();
                assertThat(device.power.runtimeStatus()).isEqualTo("active");
            });
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldBeWrittenToAnAwakeDeviceWithAStickyError() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_A, ALL);
            device.actions.failSuspend = Optional.of(Refusal.EIO);
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("error");
            assertThat(device.power.ioeventfdKick(() -> {})).isEqualTo(IoEventFdOutcome.WRITTEN);
        }
    }
}
