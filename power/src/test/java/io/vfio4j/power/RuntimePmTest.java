/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static io.vfio4j.power.DeviceUnderTest.D3HOT;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Spec E, "Runtime PM core" and "runtime_error", and B2, in their order. */
class RuntimePmTest {
    private static void refuses(Refusal why, ThrowingCallable call) {
        assertThatExceptionOfType(PowerException.class)
                .isThrownBy(call)
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(why));
    }

    /** Bound, closed, suspended, usage 0. */
    private static DeviceUnderTest closed() {
        DeviceUnderTest device = new DeviceUnderTest(D3HOT);
        device.queue.drain();
        device.actions.log.clear();
        return device;
    }

    @Nested
    class UsageEquation {
        @Test
        void shouldSuspendAfterBindAndWakeOnOpen() {
            DeviceUnderTest device = new DeviceUnderTest(D3HOT);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            assertThat(device.power.usage()).isZero();
            assertThat(device.power.powerState()).isEqualTo(PciPowerState.D3HOT);

            device.power.open(true);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.powerState()).isEqualTo(PciPowerState.D0);
        }

        @Test
        void shouldStayAwakeWhenClosedWithDisableIdleD3() {
            DeviceUnderTest device =
                    new DeviceUnderTest(
                            D3HOT.withProfile(Profile.LINUX_7_3.withDisableIdleD3(true)));
            device.queue.drain();
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");

            device.power.open(true);
            assertThat(device.power.usage()).isEqualTo(1);
            device.enter();
            device.queue.drain();
            assertThat(device.power.contractState()).isEqualTo(ContractState.N_S);
            device.power.lastClose();
            device.queue.drain();
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
        }

        @Test
        void shouldAddUpWithEveryTermAtOnce() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            try (Access access = device.power.access()) {
                assertThat(device.power.usage()).isEqualTo(2);
                device.power.host().controlOn();
                assertThat(device.power.usage()).isEqualTo(3);
                device.power.host().enableVfs(4);
                assertThat(device.power.usage()).isEqualTo(4);
                access.enterLowPower();
                assertThat(device.power.usage()).isEqualTo(3);
                assertThat(device.power.state().inFlight()).isEqualTo(1);
            }
            assertThat(device.power.usage()).isEqualTo(2);
            device.power.host().disableVfs();
            device.power.host().controlAuto();
            assertThat(device.power.usage()).isZero();
            device.exit();
            assertThat(device.power.usage()).isEqualTo(1);
            device.power.lastClose();
            assertThat(device.power.usage()).isZero();
            assertThat(device.actions.count("WARN")).isZero();
        }

        /** Reached only by an access that outlives the last close. */
        @Test
        void shouldRefuseAnEntryOnAClosedDevice() {
            DeviceUnderTest device = closed();
            refuses(Refusal.ENODEV, device::enter);
            refuses(Refusal.ENODEV, () -> device.enter(device.oldWakeup));
            assertThat(device.oldWakeup.endings()).isZero();
            device.exit();
            device.queue.drain();
            assertThat(device.power.usage()).isZero();
        }

        @Test
        void shouldRefuseASecondFirstOpen() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            refuses(Refusal.EBUSY, () -> device.power.open(true));
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.state().contract().open()).isTrue();
        }

        @Test
        void shouldLeaveAClosedDeviceAloneOnALateClose() {
            DeviceUnderTest device = closed();
            device.power.lastClose();
            assertThat(device.power.usage()).isZero();
            assertThat(device.actions.log).isEmpty();
        }

        @Test
        void shouldOpenAgainAfterTheLastClose() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, D3HOT);
            device.power.lastClose();
            device.power.open(true);
            assertThat(device.power.contractState()).isEqualTo(ContractState.OFF);
            assertThat(device.power.usage()).isEqualTo(1);
        }
    }

    @Nested
    class GetNoresume {
        @Test
        void shouldCountWithoutWaking() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().getNoresume();
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }
    }

    @Nested
    class ResumeAndGet {
        @Test
        void shouldCountAndWake() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().resumeAndGet();
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
        }

        @Test
        void shouldCountBackOnError() {
            DeviceUnderTest device = closed();
            device.actions.failResume = Optional.of(Refusal.ETIMEDOUT);
            refuses(Refusal.ETIMEDOUT, device.power.runtimePm()::resumeAndGet);
            assertThat(device.power.usage()).isZero();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }
    }

    @Nested
    class Put {
        @Test
        void shouldSuspendOnlyAfterItHasReturned() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().resumeAndGet();
            device.power.runtimePm().put();
            assertThat(device.power.usage()).isZero();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.queue.isEmpty()).isFalse();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldNotSuspendWhatIsInUseAgainWhenTheWorkqueueRuns() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().resumeAndGet();
            device.power.runtimePm().put();
            device.power.runtimePm().resumeAndGet();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            device.power.runtimePm().put();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldNotCheckWithNoidle() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().resumeAndGet();
            device.power.runtimePm().putNoidle();
            assertThat(device.power.usage()).isZero();
            assertThat(device.queue.isEmpty()).isTrue();
            device.power.runtimePm().idle();
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldSuspendWithinTheCallWithSync() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().resumeAndGet();
            device.power.runtimePm().putSync();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldWarnAndStayAtZeroOnUnderflow() {
            DeviceUnderTest device = closed();
            refuses(Refusal.EINVAL, device.power.runtimePm()::put);
            refuses(Refusal.EINVAL, device.power.runtimePm()::putNoidle);
            refuses(Refusal.EINVAL, device.power.runtimePm()::putSync);
            assertThat(device.power.usage()).isZero();
            assertThat(device.actions.log).containsOnly("WARN usage count underflow").hasSize(3);
        }
    }

    /** "Suspend refused when", in that order of precedence. */
    @Nested
    class SuspendRefused {
        private final DeviceUnderTest device = closed();

        private void awakeAndIdle() {
            device.power.runtimePm().resumeAndGet();
            device.power.runtimePm().putNoidle();
        }

        @Test
        void shouldBeEinvalWithARuntimeError() {
            awakeAndIdle();
            device.actions.failSuspend = Optional.of(Refusal.EIO);
            device.power.runtimePm().idle();
            device.queue.drain();
            refuses(Refusal.EINVAL, device.power.runtimePm()::idle);
        }

        @Test
        void shouldBeEaccesWhenDisabled() {
            awakeAndIdle();
            device.power.runtimePm().getNoresume();
            device.power.runtimePm().disable();
            refuses(Refusal.EACCES, device.power.runtimePm()::idle);
            device.power.runtimePm().enable();
            refuses(Refusal.EAGAIN, device.power.runtimePm()::idle);
        }

        @Test
        void shouldBeEagainInUse() {
            device.power.runtimePm().resumeAndGet();
            refuses(Refusal.EAGAIN, device.power.runtimePm()::idle);
        }

        @Test
        void shouldBeEbusyWithActiveChildren() {
            awakeAndIdle();
            DeviceUnderTest.bindBelow(device);
            refuses(Refusal.EBUSY, device.power.runtimePm()::idle);
        }

        @Test
        void shouldBeEagainWhenAResumeIsPending() {
            device.power.host().requestResume();
            PowerState s = device.power.state();
            assertThat(s.pm().request()).isEqualTo(RuntimePm.Request.RESUME);
            assertThat(RuntimePmRules.suspendRefusal(s.pm().status(RuntimeStatus.ACTIVE)))
                    .contains(Refusal.EAGAIN);
        }

        @Test
        void shouldBeEpermWithZeroLatency() {
            awakeAndIdle();
            device.power.runtimePm().setZeroLatency(true);
            refuses(Refusal.EPERM, device.power.runtimePm()::idle);
            device.power.runtimePm().setZeroLatency(false);
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }
    }

    @Nested
    class Resume {
        @Test
        void shouldIgnoreUsageAndQueueIdleOnSuccess() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().resume();
            assertThat(device.power.usage()).isZero();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldComeThroughTheWorkqueueWhenRequested() {
            DeviceUnderTest device = closed();
            device.power.host().requestResume();
            device.power.host().requestResume();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            device.queue.runOne();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            device.queue.drain();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldBeDeferredWhenRequestedDuringTheSuspend() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_A, D3HOT);
            device.actions.duringSuspend =
                    () -> {
                        assertThat(device.power.runtimeStatus()).isEqualTo("suspending");
                        device.power.host().requestResume();
                        assertThat(device.power.state().pm().deferredResume()).isTrue();
                    };
            device.queue.runOne();
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            assertThat(device.oldWakeup.signals).hasValue(1);
            assertThat(device.power.contractState()).isEqualTo(ContractState.OFF);
        }
    }

    @Nested
    class Children {
        @Test
        void shouldResumeTheParentFirst() {
            DeviceUnderTest parent = closed();
            DeviceUnderTest child = DeviceUnderTest.bindBelow(parent);
            child.queue.drain();
            parent.queue.drain();
            assertThat(parent.power.state().pm().activeChildren()).isZero();
            assertThat(parent.power.runtimeStatus()).isEqualTo("suspended");

            List<String> order = new ArrayList<>();
            parent.actions.duringResume = () -> order.add("parent");
            child.actions.duringResume = () -> order.add("child");
            child.power.open(true);
            assertThat(order).containsExactly("parent", "child");
            assertThat(parent.power.state().pm().activeChildren()).isEqualTo(1);
            assertThat(parent.power.usage()).isZero();
            parent.queue.drain();
            assertThat(parent.power.runtimeStatus()).isEqualTo("active");

            child.power.lastClose();
            child.queue.drain();
            parent.queue.drain();
            assertThat(parent.power.runtimeStatus()).isEqualTo("suspended");
        }

        @Test
        void shouldBeEbusyIfTheParentDoesNotWakeAndNotStick() {
            DeviceUnderTest parent = closed();
            DeviceUnderTest child =
                    DeviceUnderTest.bindBelow(parent, D3HOT.withProfile(Profile.LINUX_6_1));
            child.queue.drain();
            parent.queue.drain();
            parent.actions.failResume = Optional.of(Refusal.EIO);
            refuses(Refusal.EBUSY, () -> child.power.open(true));
            assertThat(child.power.usage()).isZero();
            assertThat(child.power.runtimeStatus()).isEqualTo("suspended");
            assertThat(child.power.state().contract().open()).isFalse();

            parent.actions.failResume = Optional.empty();
            child.power.open(true);
            assertThat(child.power.runtimeStatus()).isEqualTo("active");
        }

        @Test
        void shouldHoldTheParentAwakeDuringAHostsConfigAccess() {
            DeviceUnderTest parent = closed();
            DeviceUnderTest child = DeviceUnderTest.bindBelow(parent);
            child.queue.drain();
            parent.queue.drain();
            try (HostAccess _ = child.power.host().configAccess()) {
                parent.queue.drain();
                assertThat(parent.power.runtimeStatus()).isEqualTo("active");
                assertThat(child.power.runtimeStatus()).isEqualTo("suspended");
                assertThat(child.power.usage()).isEqualTo(1);
            }
            parent.queue.drain();
            assertThat(parent.power.runtimeStatus()).isEqualTo("suspended");
            assertThat(parent.power.usage()).isZero();
            assertThat(child.power.usage()).isZero();
        }

        @Test
        void shouldBeCountedWhenTheStatusIsForced() {
            DeviceUnderTest parent = closed();
            DeviceUnderTest child = DeviceUnderTest.bindBelow(parent);
            child.power.runtimePm().disable();
            child.power.runtimePm().forceStatus(RuntimeStatus.ACTIVE);
            assertThat(parent.power.state().pm().activeChildren()).isEqualTo(1);
            child.power.runtimePm().forceStatus(RuntimeStatus.SUSPENDED);
            assertThat(parent.power.state().pm().activeChildren()).isZero();
            child.power.runtimePm().forceStatus(RuntimeStatus.ACTIVE);
            assertThat(parent.power.state().pm().activeChildren()).isEqualTo(1);
        }

        @Test
        void shouldNotBeBoundBelowAParentThatDoesNotWake() {
            DeviceUnderTest parent = closed();
            parent.actions.failResume = Optional.of(Refusal.EIO);
            refuses(Refusal.EBUSY, () -> DeviceUnderTest.bindBelow(parent));
            assertThat(parent.power.usage()).isZero();
        }

        @Test
        void shouldGiveTheParentBackWhenTheChildFails() {
            DeviceUnderTest parent = closed();
            DeviceUnderTest child = DeviceUnderTest.bindBelow(parent);
            child.queue.drain();
            parent.queue.drain();
            child.actions.failMove = Optional.of(Refusal.EIO);
            refuses(Refusal.EIO, () -> child.power.open(true));
            parent.queue.drain();
            assertThat(parent.power.usage()).isZero();
            assertThat(parent.power.runtimeStatus()).isEqualTo("suspended");
        }
    }

    @Nested
    class Control {
        @Test
        void shouldHoldOneReferenceHoweverOftenItIsSet() {
            DeviceUnderTest device = closed();
            device.power.host().controlOn();
            device.power.host().controlOn();
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("active");
            device.power.host().controlAuto();
            device.power.host().controlAuto();
            device.queue.drain();
            assertThat(device.power.usage()).isZero();
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            assertThat(device.actions.count("WARN")).isZero();
        }

        /** Spec B3: ENTRY/W return 0, the device never suspends, no signal; EXIT 0, no signal. */
        @Test
        void shouldKeepAnEngagedDeviceAwakeWithItsMappingsFaulting() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.power.host().controlOn();
            device.enter(device.oldWakeup);
            device.queue.drain();
            assertThat(device.power.contractState()).isEqualTo(ContractState.W_A);
            assertThat(device.power.mappingsAccessible()).isFalse();
            device.exit();
            assertThat(device.power.mappingsAccessible()).isTrue();
            assertThat(device.oldWakeup.signals).hasValue(0);
            assertThat(device.oldWakeup.drops).hasValue(1);
        }

        @Test
        void shouldReadBackWhatWasWritten() {
            DeviceUnderTest device = closed();
            assertThat(device.power.host().isControlOn()).isFalse();
            device.power.host().controlOn();
            assertThat(device.power.host().isControlOn()).isTrue();
            assertThat(device.power.host().isD3coldAllowed()).isTrue();
            device.power.host().writeD3coldAllowed(false);
            assertThat(device.power.host().isD3coldAllowed()).isFalse();
        }

        @Test
        void shouldCountEvenIfTheDeviceDoesNotWake() {
            DeviceUnderTest device = closed();
            device.actions.failResume = Optional.of(Refusal.EIO);
            device.power.host().controlOn();
            assertThat(device.power.usage()).isEqualTo(1);
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        }
    }

    @Nested
    class Disabled {
        @Test
        void shouldReadUnsupportedAndRefuseToWake() {
            DeviceUnderTest device = closed();
            device.power.runtimePm().disable();
            device.power.runtimePm().disable();
            assertThat(device.power.runtimeStatus()).isEqualTo("unsupported");
            refuses(Refusal.EACCES, () -> device.power.open(true));
            refuses(Refusal.EIO, device.power::access);
            device.power.runtimePm().enable();
            refuses(Refusal.EACCES, device.power.runtimePm()::resume);
            device.power.runtimePm().enable();
            device.power.open(true);
            refuses(Refusal.EINVAL, device.power.runtimePm()::enable);
            assertThat(device.actions.count("WARN")).isEqualTo(1);
        }

        @Test
        void shouldLetAccessesToAnAwakeDeviceThrough() {
            DeviceUnderTest device = DeviceUnderTest.open(D3HOT);
            device.power.runtimePm().disable();
            device.touch();
            assertThat(device.power.usage()).isEqualTo(1);
        }

        @Test
        void shouldCarryOutARequestedResumeFirst() {
            DeviceUnderTest device = closed();
            device.power.host().requestResume();
            device.power.runtimePm().disable();
            assertThat(device.power.state().status()).isEqualTo(RuntimeStatus.ACTIVE);
        }
    }

    @Nested
    class RuntimeError {
        private static DeviceUnderTest sleeping(Profile profile) {
            return DeviceUnderTest.in(ContractState.W_S, D3HOT.withProfile(profile));
        }

        @Test
        void shouldStickAfterAFailedResumeOn61() {
            for (Profile profile : List.of(Profile.LINUX_6_1, Profile.LINUX_6_12)) {
                DeviceUnderTest device = sleeping(profile);
                device.actions.failResume = Optional.of(Refusal.ETIMEDOUT);
                refuses(Refusal.EIO, device.power::access);
                assertThat(device.power.runtimeStatus()).isEqualTo("error");
                device.actions.failResume = Optional.empty();
                refuses(Refusal.EIO, device.power::access);
                refuses(Refusal.EINVAL, device.power.runtimePm()::resume);
                refuses(Refusal.EINVAL, device.power.runtimePm()::requestResume);

                device.power.runtimePm().forceStatus(RuntimeStatus.SUSPENDED);
                device.touch();
                assertThat(device.oldWakeup.signals).hasValue(1);
            }
        }

        @Test
        void shouldNotStickAfterAFailedResumeOn73() {
            DeviceUnderTest device = sleeping(Profile.LINUX_7_3);
            device.actions.failResume = Optional.of(Refusal.ETIMEDOUT);
            refuses(Refusal.EIO, device.power::access);
            assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
            assertThat(device.power.contractState()).isEqualTo(ContractState.W_S);
            assertThat(device.power.usage()).isZero();
            assertThat(device.oldWakeup.endings()).isZero();
            device.actions.failResume = Optional.empty();
            device.touch();
            assertThat(device.oldWakeup.signals).hasValue(1);
        }

        @Test
        void shouldStickAfterAFailedSuspendOnAll() {
            for (Profile profile :
                    List.of(Profile.LINUX_6_1, Profile.LINUX_6_12, Profile.LINUX_7_3)) {
                DeviceUnderTest device =
                        DeviceUnderTest.in(ContractState.N_A, D3HOT.withProfile(profile));
                device.actions.failSuspend = Optional.of(Refusal.EIO);
                device.queue.drain();
                assertThat(device.power.runtimeStatus()).isEqualTo("error");
                refuses(Refusal.EIO, device.power::access);
                device.power.runtimePm().forceStatus(RuntimeStatus.ACTIVE);
                device.touch();
            }
        }

        @Test
        void shouldNotStickWhenASuspendSaysNotNow() {
            for (Refusal notNow : List.of(Refusal.EAGAIN, Refusal.EBUSY)) {
                DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_A, D3HOT);
                device.actions.failSuspend = Optional.of(notNow);
                device.queue.drain();
                assertThat(device.power.runtimeStatus()).isEqualTo("active");
                assertThat(device.power.contractState()).isEqualTo(ContractState.W_A);
                device.actions.failSuspend = Optional.empty();
                device.touch();
                device.queue.drain();
                assertThat(device.power.contractState()).isEqualTo(ContractState.W_S);
            }
        }

        @Test
        void shouldForceTheStatusOnlyWhileDisabledOrInError() {
            DeviceUnderTest device = closed();
            refuses(
                    Refusal.EAGAIN,
                    () -> device.power.runtimePm().forceStatus(RuntimeStatus.ACTIVE));
            refuses(
                    Refusal.EINVAL,
                    () -> device.power.runtimePm().forceStatus(RuntimeStatus.RESUMING));
        }

        @Test
        void shouldSurviveADeviceLayerThatThrowsAnything() {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, D3HOT);
            device.actions.duringResume =
                    () -> {
                        throw new IllegalArgumentException("a bug");
                    };
            refuses(Refusal.EIO, device.power::access);
            device.actions.duringResume = () -> {};
            device.touch();
            assertThat(device.oldWakeup.signals).hasValue(1);
        }
    }

    @Test
    void shouldAccountActiveAndSuspendedTime() {
        DeviceUnderTest device = new DeviceUnderTest(D3HOT);
        device.clock.pass(Duration.ofMillis(5));
        device.queue.drain();
        device.clock.pass(Duration.ofMillis(70));
        assertThat(device.power.activeTime()).isEqualTo(Duration.ofMillis(5));
        assertThat(device.power.suspendedTime()).isEqualTo(Duration.ofMillis(70));
        device.power.open(true);
        device.clock.pass(Duration.ofMillis(2));
        assertThat(device.power.activeTime()).isEqualTo(Duration.ofMillis(7));
        assertThat(device.power.suspendedTime()).isEqualTo(Duration.ofMillis(70));
    }

    @Test
    void shouldTellListenersEveryChangeInOrder() {
        DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_A, D3HOT);
        List<String> seen = new ArrayList<>();
        PowerListener listener =
                (before, after) -> {
                    if (before.status() != after.status()) {
                        seen.add(after.status().sysfsName());
                    }
                };
        device.power.addListener(listener);
        device.queue.drain();
        device.touch();
        assertThat(seen).containsExactly("suspending", "suspended", "resuming", "active");
        device.power.removeListener(listener);
        device.enter();
        device.queue.drain();
        assertThat(seen).hasSize(4);
    }

    @Test
    void shouldNotWaitForItself() {
        DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, D3HOT);
        List<Throwable> thrown = new ArrayList<>();
        device.actions.duringResume =
                () -> {
                    try {
                        device.touch();
                    } catch (IllegalStateException e) {
                        thrown.add(e);
                    }
                };
        device.touch();
        assertThat(thrown).hasSize(1);
        assertThat(thrown.getFirst()).hasMessageContaining("resuming");
        assertThat(device.power.state().inFlight()).isZero();
    }
}
