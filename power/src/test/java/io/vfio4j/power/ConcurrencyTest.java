/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Real threads: the races of spec C, and a short stress with I1 and I2 at its end. */
@Timeout(60)
class ConcurrencyTest {

    private static Thread started(Runnable body) {
        return Thread.ofPlatform().daemon().start(body);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isWaiting(Thread thread) {
        return thread.getState() == Thread.State.WAITING;
    }

    /** Spec B1, C: a getter during SUSPENDING waits till it ends, then resumes (signal). */
    @Test
    void shouldWaitForTheEndOfASuspendThenResume() throws InterruptedException {
        DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_A, DeviceUnderTest.D3HOT);
        CountDownLatch suspending = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        device.actions.duringSuspend =
                () -> {
                    suspending.countDown();
                    awaitUninterruptibly(goOn);
                };
        Thread worker = started(device.queue::drain);
        awaitUninterruptibly(suspending);
        Thread getter = started(device::touch);
        await().until(() -> isWaiting(getter));
        assertThat(device.power.runtimeStatus()).isEqualTo("suspending");
        assertThat(device.oldWakeup.signals).hasValue(0);
        // Read-only snapshots don't wait.
        assertThat(device.power.usage()).isEqualTo(1);

        goOn.countDown();
        getter.join();
        worker.join();
        assertThat(device.oldWakeup.signals).hasValue(1);
        assertThat(device.power.contractState()).isEqualTo(ContractState.OFF);
        assertThat(device.power.usage()).isEqualTo(1);
    }

    /** A getter waits until a suspend that failed is undone: it never reaches a sleeping model. */
    @Test
    void shouldWaitUntilAFailedSuspendIsUndone() throws InterruptedException {
        DeviceUnderTest device =
                DeviceUnderTest.in(
                        ContractState.W_A, DeviceUnderTest.ALL_STATES.withPlatformWake(true));
        device.actions.intxUnmasked = true;
        device.actions.failMove = Optional.of(Refusal.EBUSY);
        CountDownLatch waking = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        device.actions.duringResume =
                () -> {
                    waking.countDown();
                    awaitUninterruptibly(goOn);
                };
        device.actions.duringUnmaskIntx =
                () -> device.actions.record("INTx given back " + device.power.runtimeStatus());
        Thread worker = started(device.queue::drain);
        awaitUninterruptibly(waking);
        Thread getter =
                started(() -> {
                    try (Access _ = device.power.access()) {
                        device.actions.record("access");
                    }
                });
        await().until(() -> isWaiting(getter));
        assertThat(device.power.runtimeStatus()).isEqualTo("suspending");

        goOn.countDown();
        getter.join();
        worker.join();
        assertThat(device.actions.log)
                .filteredOn(line -> !line.startsWith("WARN"))
                .containsSubsequence(
                        "suspend D3hot",
                        "resume D0",
                        "disarm PME",
                        "unmask INTx",
                        "INTx given back suspending",
                        "access");
        assertThat(device.oldWakeup.signals).hasValue(0);
        assertThat(device.power.state().pci().asleep()).isFalse();
        assertThat(device.power.state().inFlight()).isZero();
    }

    /** A second getter during RESUMING waits; the wake is one, and so is the signal. */
    @Test
    void shouldWaitForTheResultOfAResume() throws InterruptedException {
        DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, DeviceUnderTest.D3HOT);
        CountDownLatch resuming = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        device.actions.duringResume =
                () -> {
                    resuming.countDown();
                    awaitUninterruptibly(goOn);
                };
        AtomicBoolean signalledFirst = new AtomicBoolean();
        Thread first = started(device::touch);
        awaitUninterruptibly(resuming);
        Thread second =
                started(() -> {
                    try (Access access = device.power.access()) {
                        signalledFirst.set(
                                access.memoryAccessible() && device.oldWakeup.signals.get() == 1);
                    }
                });
        await().until(() -> isWaiting(second));
        goOn.countDown();
        first.join();
        second.join();
        assertThat(signalledFirst).isTrue();
        assertThat(device.wakes()).isEqualTo(1);
        assertThat(device.oldWakeup.signals).hasValue(1);
    }

    /** disable waits for a transition under way. */
    @Test
    void shouldDisableOnlyAfterTheTransition() throws InterruptedException {
        DeviceUnderTest device = DeviceUnderTest.in(ContractState.N_A, DeviceUnderTest.D3HOT);
        CountDownLatch suspending = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        device.actions.duringSuspend =
                () -> {
                    suspending.countDown();
                    awaitUninterruptibly(goOn);
                };
        Thread worker = started(device.queue::drain);
        awaitUninterruptibly(suspending);
        Thread disabler = started(device.power.runtimePm()::disable);
        await().until(() -> isWaiting(disabler));
        goOn.countDown();
        worker.join();
        disabler.join();
        assertThat(device.power.state().status()).isEqualTo(RuntimeStatus.SUSPENDED);
        assertThat(device.power.runtimeStatus()).isEqualTo("unsupported");
    }

    /** Spec C, "Close vs resume": exactly one of signal and drop. */
    @Test
    void shouldEndAWakeupOnceWhenCloseRacesAHostWake() throws InterruptedException {
        for (int i = 0; i < 200; i++) {
            DeviceUnderTest device = DeviceUnderTest.in(ContractState.W_S, DeviceUnderTest.D3HOT);
            Thread host = started(() -> device.power.host().writeD3coldAllowed(true));
            device.power.lastClose();
            host.join();
            assertThat(device.oldWakeup.endings()).isEqualTo(1);
            assertThat(device.power.usage()).isZero();
        }
    }

    private static final class QuietActions implements PowerActions {
        private final AtomicBoolean mapped = new AtomicBoolean();
        private final AtomicInteger warnings = new AtomicInteger();
        private final AtomicBoolean unmasked = new AtomicBoolean(true);
        private final AtomicBoolean inAction = new AtomicBoolean();
        private final AtomicInteger overlaps = new AtomicInteger();

        private void alone(Runnable body) {
            if (!inAction.compareAndSet(false, true)) {
                overlaps.incrementAndGet();
            }
            body.run();
            inAction.set(false);
        }

        @Override
        public void suspend(PciPowerState target) {
            alone(Thread::onSpinWait);
        }

        @Override
        public void resume(PciPowerState from) {
            alone(Thread::onSpinWait);
        }

        @Override
        public boolean maskIntx() {
            return unmasked.getAndSet(false);
        }

        @Override
        public void unmaskIntx() {
            unmasked.set(true);
        }

        @Override
        public void showMappings(MappingView view) {
            alone(() -> mapped.set(view == MappingView.LIVE));
        }

        @Override
        public void warn(String message) {
            warnings.incrementAndGet();
        }
    }

    /** I1 and I2 at the end of a second of everything at once (and bug I.4: no lost update). */
    @Test
    void shouldKeepI1AndI2UnderStress() throws Exception {
        QuietActions actions = new QuietActions();
        AtomicInteger pending = new AtomicInteger();
        AtomicInteger wOk = new AtomicInteger();
        AtomicInteger signals = new AtomicInteger();
        AtomicInteger drops = new AtomicInteger();
        AtomicBoolean stop = new AtomicBoolean();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (ExecutorService workqueue = Executors.newSingleThreadExecutor();
                ExecutorService users = Executors.newCachedThreadPool()) {
            Scheduler scheduler =
                    work -> {
                        pending.incrementAndGet();
                        workqueue.execute(() -> {
                            work.run();
                            pending.decrementAndGet();
                        });
                    };
            DevicePower power =
                    DevicePower.bind(
                            DeviceUnderTest.ALL_STATES, actions, scheduler, new ManualClock());
            power.open(true);
            power.setMemoryEnabled(true);

            List<Runnable> roles = new ArrayList<>();
            Runnable reader =
                    () -> {
                        try (Access _ = power.access()) {
                            if (!power.runtimeStatus().equals("active")) {
                                throw new AssertionError("asleep within an access");
                            }
                        }
                    };
            roles.add(reader);
            roles.add(reader);
            roles.add(() -> {
                Wakeup wakeup =
                        new Wakeup() {
                            private final AtomicBoolean ended = new AtomicBoolean();

                            @Override
                            public void signal() {
                                end(signals);
                            }

                            @Override
                            public void drop() {
                                end(drops);
                            }

                            private void end(AtomicInteger how) {
                                how.incrementAndGet();
                                if (ended.getAndSet(true)) {
                                    throw new AssertionError("ended twice");
                                }
                            }
                        };
                try (Access access = power.access()) {
                    access.enterLowPower(wakeup);
                    wOk.incrementAndGet();
                } catch (PowerException e) {
                    assertThat(e.refusal()).isEqualTo(Refusal.EINVAL);
                }
                pauseBriefly();
            });
            Random random = new Random(7);
            roles.add(() -> {
                switch (random.nextInt(6)) {
                    case 0 -> {
                        try (Access access = power.access()) {
                            access.exitLowPower();
                        }
                    }
                    case 1 -> power.setMemoryEnabled(random.nextBoolean());
                    case 2 -> power.intxUnmaskKick(actions::unmaskIntx);
                    case 3 -> power.ioeventfdKick(() -> {});
                    case 4 -> {
                        try (Access access = power.access()) {
                            access.writePmcsr(PciPowerState.ofPmcsrBits(random.nextInt(4)));
                        }
                    }
                    default -> power.host().configAccess().close();
                }
                pauseBriefly();
            });
            List<Future<?>> running = new ArrayList<>();
            for (Runnable role : roles) {
                running.add(
                        users.submit(() -> {
                            try {
                                while (!stop.get()) {
                                    role.run();
                                }
                            } catch (Throwable e) {
                                failures.add(e);
                            }
                        }));
            }
            Thread.sleep(Duration.ofMillis(1200));
            stop.set(true);
            for (Future<?> future : running) {
                future.get(20, TimeUnit.SECONDS);
            }
            await().until(() -> pending.get() == 0);
            assertThat(failures).isEmpty();

            PowerState state = power.state();
            assertThat(state.inFlight()).as("I1").isZero();
            int armed = state.contract().armed() ? 1 : 0;
            assertThat(signals.get() + drops.get() + armed).as("I2").isEqualTo(wOk.get());
            assertThat(actions.mapped.get()).as("I3").isEqualTo(state.mappingsAccessible());

            power.lastClose();
            await().until(() -> power.runtimeStatus().equals("suspended"));
            assertThat(power.usage()).isZero();
            assertThat(signals.get() + drops.get()).as("I2").isEqualTo(wOk.get());
            assertThat(actions.warnings).hasValue(0);
            assertThat(actions.overlaps).hasValue(0);
            assertThat(wOk.get()).isGreaterThan(10);
        }
    }

    private static void pauseBriefly() {
        try {
            Thread.sleep(Duration.ofNanos(200_000));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
