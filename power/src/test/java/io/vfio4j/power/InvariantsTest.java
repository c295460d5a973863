/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * Invariants I1 to I5 (spec C) after every step of long random sequences, with the workqueue run at
 * random moments. The seed is part of the case's name and of every failure.
 */
class InvariantsTest {
    private static final int STEPS = 4_000;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 20221211, 20260601, 42, 4711})
    void shouldHoldAfterEveryStep(long seed) {
        Walk walk = new Walk(seed);
        for (int i = 0; i < STEPS; i++) {
            walk.step(i);
        }
        walk.end();
    }

    /** A wakeup that checks what must be true at the moment of the signal. */
    private static final class WatchedWakeup extends RecordingWakeup {
        private final Walk walk;

        WatchedWakeup(Walk walk) {
            this.walk = walk;
        }

        @Override
        public void signal() {
            super.signal();
            walk.signals++;
            walk.sinceSignal = true;
            walk.watch(this::checkAtSignal);
        }

        private void checkAtSignal() {
            DevicePower power = walk.power;
            // Before the signal: powered and restored, disengaged, mappings back (spec B3, I4).
            assertThat(power.contractState()).as(walk.where).isEqualTo(ContractState.OFF);
            assertThat(power.usage()).as(walk.where).isPositive();
            assertThat(walk.actions.mapped).as(walk.where).isEqualTo(power.mappingsAccessible());
            assertThat(power.mappingsAccessible())
                    .as(walk.where)
                    .isEqualTo(power.memoryAccessible());
        }

        @Override
        public void drop() {
            super.drop();
            walk.drops++;
        }
    }

    private static final class Walk {
        private final Random random;
        private final long seed;
        private final RecordingActions actions = new RecordingActions();
        private final ManualScheduler queue = new ManualScheduler();
        private final DevicePower power;
        private final Deque<Access> held = new ArrayDeque<>();
        private final List<RecordingWakeup> accepted = new ArrayList<>();
        private final List<RecordingWakeup> refusedWakeups = new ArrayList<>();
        private final List<AssertionError> failures = new ArrayList<>();
        private final boolean alwaysHeld;
        private String where = "bind";
        private boolean open;
        private boolean engaged;
        private boolean control;
        private int vfs;
        private boolean userMaskedIntx;
        private boolean sinceSignal;
        private int signals;
        private int drops;
        private int exitsWhileActive;
        private int closes;
        private int pmeRises;

        Walk(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.alwaysHeld = random.nextInt(4) == 0;
            PowerConfig config =
                    PowerConfig.DEFAULT
                            .withPm(
                                    random.nextInt(5) == 0
                                            ? PmCapability.NONE
                                            : new PmCapability(
                                                    true,
                                                    random.nextBoolean(),
                                                    random.nextBoolean(),
                                                    true,
                                                    random.nextBoolean()
                                                            ? Set.of(PciPowerState.D3HOT)
                                                            : Set.of(
                                                                    PciPowerState.D3COLD,
                                                                    PciPowerState.D0)))
                            .withPlatformD3cold(random.nextBoolean())
                            .withPlatformWake(random.nextBoolean())
                            .withProfile(Profile.LINUX_7_3.withDisableIdleD3(alwaysHeld));
            actions.intxUnmasked = true;
            power = DevicePower.bind(config, actions, queue, new ManualClock());
            power.addListener((before, after) -> watch(() -> checkInBetween(after)));
        }

        /** What fails within a callback must not be taken for the device layer's failure. */
        private void watch(Runnable check) {
            try {
                check.run();
            } catch (AssertionError e) {
                failures.add(e);
            }
        }

        /** I3 and I5 also hold in between, as seen by whoever looks. */
        private void checkInBetween(PowerState state) {
            if (state.contract().engaged()) {
                assertThat(state.mappingsAccessible()).as(where).isFalse();
            }
            if (sinceSignal) {
                assertThat(state.usage()).as("I5 %s", where).isPositive();
            }
            assertThat(state.usage()).as(where).isNotNegative();
        }

        void step(int i) {
            int op = random.nextInt(24);
            where = "seed " + seed + ", step " + i + ", op " + op;
            if (!open && op != 23 && op < 12) {
                op = 0;
            }
            switch (op) {
                case 0 -> openIfClosed();
                case 1, 2 -> take();
                case 3, 4 -> release();
                case 5, 6 -> enter(Optional.empty());
                case 7, 8, 9 -> enter(Optional.of(new WatchedWakeup(this)));
                case 10, 11 -> exit();
                case 12 -> pmcsr();
                case 13 -> power.setMemoryEnabled(random.nextBoolean());
                case 14 -> control();
                case 15 -> vfs();
                case 16 -> host();
                case 17 -> kicks();
                case 18 -> lastClose();
                case 19 -> failingResume();
                default -> queue.runOne();
            }
            check();
        }

        private void openIfClosed() {
            if (!open) {
                power.open(random.nextBoolean());
                open = true;
            }
        }

        private void take() {
            boolean asleepAndArmed = power.contractState() == ContractState.W_S;
            int before = signals;
            held.push(power.access());
            // I4: who caused the wake finds the signal done.
            assertThat(signals).as("I4 %s", where).isEqualTo(before + (asleepAndArmed ? 1 : 0));
            noteResume();
        }

        private void release() {
            int keep = random.nextInt(2);
            while (held.size() > keep) {
                held.pop().close();
            }
        }

        private void noteResume() {
            engaged = power.state().contract().engaged();
        }

        private void enter(Optional<RecordingWakeup> wakeup) {
            try (Access access = power.access()) {
                noteResume();
                try {
                    if (wakeup.isPresent()) {
                        access.enterLowPower(wakeup.get());
                        accepted.add(wakeup.get());
                    } else {
                        access.enterLowPower();
                    }
                    assertThat(engaged).as(where).isFalse();
                    engaged = true;
                    sinceSignal = false;
                } catch (PowerException e) {
                    assertThat(engaged).as(where).isTrue();
                    assertThat(e.refusal()).isEqualTo(Refusal.EINVAL);
                    wakeup.ifPresent(refusedWakeups::add);
                }
            }
        }

        private void exit() {
            try (Access access = power.access()) {
                if (power.contractState() == ContractState.W_A) {
                    exitsWhileActive++;
                }
                access.exitLowPower();
                engaged = false;
            }
        }

        private void pmcsr() {
            try (Access access = power.access()) {
                failSometimes();
                access.writePmcsr(PciPowerState.ofPmcsrBits(random.nextInt(4)));
                actions.failMove = Optional.empty();
                actions.failSuspend = Optional.empty();
                actions.failResume = Optional.empty();
                if (random.nextInt(2) == 0) {
                    countPme(() -> access.writePmcsr(random.nextInt() & 0xffff, 2));
                }
                if (random.nextInt(3) == 0) {
                    access.deviceReset();
                }
                if (random.nextInt(3) == 0) {
                    userMaskedIntx = random.nextBoolean();
                    actions.intxUnmasked = !userMaskedIntx;
                }
            }
        }

        private void failSometimes() {
            Optional<Refusal> failure = Optional.of(Refusal.EIO);
            switch (random.nextInt(16)) {
                case 0 -> actions.failMove = failure;
                case 1 -> actions.failSuspend = failure;
                case 2 -> actions.failResume = failure;
                default -> {
                    // It follows.
                }
            }
        }

        /** PME is a level; who listens is told when it rises. */
        private void countPme(Runnable change) {
            boolean before = power.state().pci().pme().asserted();
            change.run();
            pmeRises += !before && power.state().pci().pme().asserted() ? 1 : 0;
        }

        private void control() {
            control = random.nextInt(4) == 0;
            if (control) {
                power.host().controlOn();
            } else {
                power.host().controlAuto();
            }
        }

        private void vfs() {
            if (vfs == 0 && random.nextInt(4) == 0) {
                vfs = 1 + random.nextInt(3);
                power.host().enableVfs(vfs);
            } else {
                vfs = 0;
                power.host().disableVfs();
            }
        }

        private void host() {
            switch (random.nextInt(6)) {
                case 0 -> power.host().configAccess().close();
                case 1 -> power.host().writeD3coldAllowed(random.nextBoolean());
                case 2 -> power.host().reset();
                case 3 -> power.host().requestResume();
                case 4 -> countPme(power::wakeEvent);
                default -> DevicePower.hotReset(List.of(power));
            }
        }

        private void kicks() {
            power.ioeventfdKick(() -> {});
            IntxUnmaskOutcome outcome = power.intxUnmaskKick(actions::unmaskIntx);
            if (outcome == IntxUnmaskOutcome.APPLIED || open) {
                userMaskedIntx = false;
            }
        }

        private void failingResume() {
            if (power.state().status() != RuntimeStatus.SUSPENDED) {
                return;
            }
            PowerState before = power.state();
            actions.failResume = Optional.of(Refusal.ETIMEDOUT);
            try (Access _ = power.access()) {
                throw new AssertionError(where);
            } catch (PowerException e) {
                assertThat(e.refusal()).isEqualTo(Refusal.EIO);
            }
            actions.failResume = Optional.empty();
            assertThat(power.state().contract()).as(where).isEqualTo(before.contract());
            assertThat(power.usage()).as(where).isEqualTo(before.usage());
            assertThat(power.state().status()).as(where).isEqualTo(RuntimeStatus.SUSPENDED);
        }

        private void lastClose() {
            if (!open || random.nextInt(3) != 0) {
                return;
            }
            while (!held.isEmpty()) {
                held.pop().close();
            }
            if (power.state().contract().armed()) {
                closes++;
            }
            sinceSignal = false;
            power.lastClose();
            open = false;
            engaged = false;
        }

        private void check() {
            assertThat(failures).as(where).isEmpty();
            PowerState state = power.state();
            engaged = state.contract().engaged();
            // I1: the B2 equation.
            int base = open || alwaysHeld ? 1 : 0;
            assertThat(state.usage())
                    .as("I1 %s", where)
                    .isEqualTo(
                            base
                                    + held.size()
                                    + (control ? 1 : 0)
                                    + (vfs > 0 ? 1 : 0)
                                    - (engaged ? 1 : 0));
            assertThat(state.inFlight()).as("I1 %s", where).isEqualTo(held.size());
            assertThat(actions.count("WARN usage")).as("underflow %s", where).isZero();
            // I2: every successful W ends exactly once.
            int armed = state.contract().armed() ? 1 : 0;
            assertThat(signals)
                    .as("I2 %s", where)
                    .isEqualTo(accepted.size() - armed - exitsWhileActive - closes);
            assertThat(drops).as("I2 %s", where).isEqualTo(exitsWhileActive + closes);
            // I3: engaged means no mapping; and the device layer was told everything.
            assertThat(actions.mapped).as("I3 %s", where).isEqualTo(state.mappingsAccessible());
            if (engaged) {
                assertThat(actions.mapped).as("I3 %s", where).isFalse();
            }
            assertThat(actions.view).as(where).isEqualTo(state.mappingView());
            assertThat(actions.modelIn).as(where).isEqualTo(state.pci().asleepIn());
            assertThat(actions.pmeSignals).as("PME %s", where).isEqualTo(pmeRises);
            // I5.
            checkInBetween(state);
            // An access keeps the device awake.
            if (!held.isEmpty()) {
                assertThat(state.status()).as(where).isEqualTo(RuntimeStatus.ACTIVE);
            }
            // No interrupt is lost (I.1): awake, the mask is the user's.
            if (state.status() == RuntimeStatus.ACTIVE) {
                assertThat(actions.intxUnmasked).as("INTx %s", where).isEqualTo(!userMaskedIntx);
            }
            actions.log.clear();
        }

        void end() {
            where = "seed " + seed + ", end";
            while (!held.isEmpty()) {
                held.pop().close();
            }
            if (power.state().contract().armed()) {
                closes++;
            }
            sinceSignal = false;
            power.lastClose();
            power.host().controlAuto();
            power.host().disableVfs();
            queue.drain();
            open = false;
            engaged = false;
            control = false;
            vfs = 0;
            check();
            assertThat(power.usage()).isEqualTo(alwaysHeld ? 1 : 0);
            assertThat(power.runtimeStatus()).isEqualTo(alwaysHeld ? "active" : "suspended");
            assertThat(accepted).as(where).hasSizeGreaterThan(50);
            assertThat(signals).as(where).isGreaterThan(20);
            assertThat(accepted).as(where).allSatisfy(w -> assertThat(w.endings()).isEqualTo(1));
            assertThat(refusedWakeups).as(where).allSatisfy(w -> assertThat(w.endings()).isZero());
        }
    }
}
