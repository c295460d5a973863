/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static io.vfio4j.power.DeviceUnderTest.D3COLD;
import static io.vfio4j.power.DeviceUnderTest.D3HOT;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Spec I: bugs of the kernel that this machine must not have, by their number there. */
class KnownBugsTest {

    /** 1. An INTx unmask eventfd kicked while suspended must wait for the resume. */
    @Nested
    class IntxUnmaskWhileSuspended {
        private void kick(DeviceUnderTest device, IntxUnmaskOutcome expected) {
            assertThat(device.power.intxUnmaskKick(device.actions::unmaskIntx)).isEqualTo(expected);
        }

        private DeviceUnderTest asleep(PowerConfig config, boolean maskedByUser) {
            DeviceUnderTest device = DeviceUnderTest.open(config);
            device.actions.intxUnmasked = !maskedByUser;
            device.enter(device.oldWakeup);
            device.queue.drain();
            device.actions.log.clear();
            return device;
        }

        @Test
        void shouldBeDeferredToTheResumeAndComeAfterTheSignal() {
            for (PowerConfig config : List.of(D3HOT, D3COLD)) {
                for (boolean maskedByUser : List.of(true, false)) {
                    DeviceUnderTest device = asleep(config, maskedByUser);
                    kick(device, IntxUnmaskOutcome.DEFERRED);
                    kick(device, IntxUnmaskOutcome.DEFERRED);
                    assertThat(device.actions.log).isEmpty();
                    assertThat(device.power.runtimeStatus()).isEqualTo("suspended");

                    device.touch();
                    assertThat(device.actions.log).endsWith("unmask INTx");
                    assertThat(device.actions.count("unmask")).isEqualTo(1);
                    assertThat(device.actions.intxUnmasked).isTrue();
                }
            }
        }

        @Test
        void shouldLeaveAMaskAloneThatTheSuspendDidNotChange() {
            DeviceUnderTest device = asleep(D3HOT, true);
            device.touch();
            assertThat(device.actions.count("unmask")).isZero();
            assertThat(device.actions.intxUnmasked).isFalse();
        }

        @Test
        void shouldNotBeLostDuringTheSuspend() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.actions.intxUnmasked = false;
            device.actions.duringSuspend = () -> kick(device, IntxUnmaskOutcome.DEFERRED);
            device.enter();
            device.queue.drain();
            assertThat(device.actions.intxUnmasked).isFalse();
            device.touch();
            assertThat(device.actions.intxUnmasked).isTrue();
        }

        @Test
        void shouldNotBeLostDuringTheResume() {
            DeviceUnderTest device = asleep(D3HOT, true);
            device.actions.duringResume = () -> kick(device, IntxUnmaskOutcome.DEFERRED);
            device.touch();
            assertThat(device.actions.intxUnmasked).isTrue();
        }

        @Test
        void shouldNotBeLostBetweenSignalAndReturn() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.enter(
                    new RecordingWakeup() {
                        @Override
                        public void signal() {
                            super.signal();
                            kick(device, IntxUnmaskOutcome.DEFERRED);
                        }
                    });
            device.queue.drain();
            device.actions.intxUnmasked = false;
            device.touch();
            assertThat(device.actions.intxUnmasked).isTrue();
        }

        @Test
        void shouldAllBeCarriedOutBeforeAnyAccessGetsThrough() {
            DeviceUnderTest device = asleep(D3HOT, false);
            List<String> statuses = new ArrayList<>();
            device.actions.duringUnmaskIntx =
                    () -> {
                        statuses.add(device.power.runtimeStatus());
                        if (statuses.size() < 3) {
                            kick(device, IntxUnmaskOutcome.DEFERRED);
                        }
                    };
            device.touch();
            assertThat(statuses).containsExactly("resuming", "resuming", "resuming");
            assertThat(device.power.state().pci().intxMasked()).isFalse();
            assertThat(device.oldWakeup.signals).hasValue(1);
        }

        @Test
        void shouldNotBeLostWhileAFailedSuspendIsUndone() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.actions.failMove = Optional.of(Refusal.EBUSY);
            device.actions.duringResume = () -> kick(device, IntxUnmaskOutcome.DEFERRED);
            List<String> statuses = new ArrayList<>();
            device.actions.duringUnmaskIntx = () -> statuses.add(device.power.runtimeStatus());
            device.enter();
            device.queue.drain();
            assertThat(statuses).containsExactly("suspending");
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
        }

        @Test
        void shouldBeAppliedAtOnceWhileAwake() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_A, D3HOT);
            kick(device, IntxUnmaskOutcome.APPLIED);
            device.queue.drain();
            assertThat(device.power.contractState()).isEqualTo(ContractState.N_S);
        }

        @Test
        void shouldNotFallAsleepUnderTheUnmask() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_A, D3HOT);
            device.power.intxUnmaskKick(() -> {
                device.queue.drain();
                assertThat(device.power.runtimeStatus()).isEqualTo("active");
            });
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldUnmaskWhatASuspendThatFailedHadMasked() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.actions.intxUnmasked = true;
            device.actions.failSuspend = Optional.of(Refusal.EBUSY);
            device.enter();
            device.queue.drain();
            assertThat(device.actions.intxUnmasked).isTrue();
        }
    }

    /** The order of a wake and of a suspend (spec B3), in which the bugs would live. */
    @Nested
    class OrderOfEffects {
        @Test
        void shouldWakeInTheOrderOfB3() {
            for (PowerConfig config : List.of(D3HOT, D3COLD)) {
                DeviceUnderTest device = DeviceUnderTest.open(config);
                device.actions.intxUnmasked = true;
                device.enter(
                        new RecordingWakeup() {
                            @Override
                            public void signal() {
                                assertThat(device.power.usage()).isEqualTo(2);
                                assertThat(device.power.contractState())
                                        .isEqualTo(ContractState.OFF);
                                device.actions.record("signal");
                            }
                        });
                device.queue.drain();
                device.actions.log.clear();
                String from = device.power.powerState().sysfsName();
                device.touch();
                List<String> expected =
                        new ArrayList<>(
                                List.of(
                                        from + "->D0",
                                        "resume " + from,
                                        "live",
                                        "signal",
                                        "unmask INTx"));
                if (config.platformD3cold()) {
                    expected.add(1, "ready?");
                }
                assertThat(device.actions.log).containsExactlyElementsOf(expected);
            }
        }

        @Test
        void shouldEnterWithMappingsRevokedBeforeItReturns() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            try (Access access = device.power.access()) {
                access.enterLowPower();
                assertThat(device.actions.mapped).isFalse();
                access.exitLowPower();
                assertThat(device.actions.mapped).isTrue();
            }
            assertThat(device.actions.log).containsExactly("revoked", "live");
        }

        @Test
        void shouldToggleMemoryWhileEngagedWithMappingsStillFaulting() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_A, D3HOT);
            device.power.setMemoryEnabled(false);
            device.power.setMemoryEnabled(true);
            assertThat(device.actions.log).isEmpty();
            assertThat(device.power.memoryAccessible()).isTrue();
            assertThat(device.power.mappingsAccessible()).isFalse();
        }

        @Test
        void shouldRestoreFromWhereItSleptWhenTheFirstResumeFailed() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, D3COLD);
            device.actions.failResume = Optional.of(Refusal.ETIMEDOUT);
            assertThatExceptionOfType(PowerException.class).isThrownBy(device::touch);
            device.actions.failResume = Optional.empty();
            device.actions.log.clear();
            device.touch();
            assertThat(device.actions.log).containsExactly("resume D3cold", "live");
            assertThat(device.oldWakeup.signals).hasValue(1);
        }

        @Test
        void shouldLetTearDownChangeTheCommandRegister() {
            RecordingActions actions = new RecordingActions();
            DevicePower[] power = new DevicePower[1];
            ManualScheduler queue = new ManualScheduler();
            power[0] =
                    DevicePower.bind(
                            D3HOT,
                            new RecordingActions() {
                                @Override
                                public void tearDown() {
                                    actions.record("tear down");
                                    power[0].setMemoryEnabled(false);
                                }
                            },
                            queue,
                            new ManualClock());
            power[0].open(true);
            power[0].setMemoryEnabled(true);
            power[0].lastClose();
            power[0].lastClose();
            assertThat(actions.log).containsExactly("tear down");
            assertThat(power[0].memoryAccessible()).isFalse();
            assertThat(power[0].usage()).isZero();
        }

        @Test
        void shouldWarnAndGoOnWhenAnActionThatMustNotFailDoes() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.enter(
                    new RecordingWakeup() {
                        @Override
                        public void signal() {
                            super.signal();
                            throw new IllegalStateException("a bug");
                        }
                    });
            device.queue.drain();
            device.touch();
            assertThat(device.actions.count("WARN")).isEqualTo(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.power.contractState()).isEqualTo(ContractState.OFF);
        }
    }

    /** 3. disable_idle_d3 is latched at bind: get and put always go by the same value. */
    @Nested
    class LatchedDisableIdleD3 {
        @Test
        void shouldConserveUsageOverOpenAndClose() {
            for (boolean disable : List.of(true, false)) {
                DeviceUnderTest device =
                        new DeviceUnderTest(
                                D3HOT.withProfile(Profile.LINUX_7_3.withDisableIdleD3(disable)));
                device.queue.drain();
                int before = device.power.usage();
                for (int i = 0; i < 3; i++) {
                    device.power.open(true);
                    device.enter(new RecordingWakeup());
                    device.queue.drain();
                    device.power.lastClose();
                    device.queue.drain();
                }
                assertThat(device.power.usage()).isEqualTo(before);
                assertThat(device.actions.count("WARN")).isZero();
            }
        }
    }

    /** 7. Hot reset with suspended siblings; usage balance with disable_idle_d3. */
    @Nested
    class HotReset {
        @Test
        void shouldWakeAndSignalEverySiblingAndBalanceUsage() {
            for (boolean disable : List.of(true, false)) {
                PowerConfig config =
                        D3HOT.withProfile(Profile.LINUX_7_3.withDisableIdleD3(disable));
                DeviceUnderTest armed = DeviceUnderTest.in(ContractState.W_S, config);
                DeviceUnderTest plain = DeviceUnderTest.in(ContractState.N_S, config);
                DeviceUnderTest awake = DeviceUnderTest.in(ContractState.OFF, config);
                DeviceUnderTest closed = new DeviceUnderTest(config);
                closed.queue.drain();
                int closedUsage = closed.power.usage();

                DevicePower.hotReset(List.of(awake.power, armed.power, plain.power, closed.power));
                List.of(awake, armed, plain, closed).forEach(d -> d.queue.drain());

                assertThat(armed.oldWakeup.signals).hasValue(1);
                assertThat(armed.power.contractState()).isEqualTo(ContractState.OFF);
                assertThat(plain.power.contractState()).isEqualTo(ContractState.N_S);
                for (DeviceUnderTest device : List.of(awake, armed, plain, closed)) {
                    assertThat(device.actions.count("reset")).isEqualTo(1);
                    assertThat(device.power.state().inFlight()).isZero();
                    assertThat(device.actions.count("WARN")).isZero();
                }
                assertThat(closed.power.usage()).isEqualTo(closedUsage);
            }
        }

        @Test
        void shouldGiveBackWhatItHoldsWhenASiblingDoesNotWake() {
            DeviceUnderTest first = DeviceUnderTest.in(ContractState.N_S, D3HOT);
            DeviceUnderTest second = DeviceUnderTest.in(ContractState.W_S, D3HOT);
            second.actions.failResume = Optional.of(Refusal.ETIMEDOUT);
            assertThatExceptionOfType(PowerException.class)
                    .isThrownBy(() -> DevicePower.hotReset(List.of(first.power, second.power)))
                    .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.ETIMEDOUT));
            first.queue.drain();
            assertThat(first.power.contractState()).isEqualTo(ContractState.N_S);
            assertThat(first.power.state().inFlight()).isZero();
            assertThat(second.power.state().inFlight()).isZero();
            assertThat(second.power.contractState()).isEqualTo(ContractState.W_S);
            assertThat(first.actions.count("reset")).isZero();
        }

        @Test
        void shouldReportAResetThatFails() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.actions.failReset = Optional.of(Refusal.ENOTTY);
            assertThatExceptionOfType(PowerException.class)
                    .isThrownBy(() -> device.power.host().reset())
                    .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.ENOTTY));
            assertThat(device.power.state().inFlight()).isZero();
        }
    }

    /** B8: a PF with virtual functions never suspends; unbind keeps the device awake for good. */
    @Nested
    class HeldAwake {
        @Test
        void shouldPermitLowPowerOfAPfWithVfsAndNeverSuspend() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.power.host().enableVfs(1);
            device.power.host().enableVfs(1);
            assertThatExceptionOfType(PowerException.class)
                    .isThrownBy(() -> device.power.host().enableVfs(2))
                    .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.EBUSY));
            device.enter();
            device.queue.drain();
            assertThat(device.power.contractState()).isEqualTo(ContractState.N_A);
            device.power.host().disableVfs();
            device.queue.drain();
            assertThat(device.power.contractState()).isEqualTo(ContractState.N_S);
        }

        @Test
        void shouldRefuseToOpenAnUnboundDevice() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, D3HOT);
            device.power.host().unbind();
            assertThat(device.oldWakeup.signals).hasValue(1);
            device.power.lastClose();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThatExceptionOfType(PowerException.class)
                    .isThrownBy(() -> device.power.open(true))
                    .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.ENODEV));
        }
    }
}
