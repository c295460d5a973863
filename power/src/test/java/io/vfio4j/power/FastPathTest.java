/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/**
 * The executor's fast path changes nothing: after every operation, a device with borrowed
 * references is in exactly the state to which the pure function alone would have come.
 */
class FastPathTest {

    /** The pure function with an obedient device and nobody else around. */
    private static final class PureDevice {
        private final PowerRules rules;
        private PowerState state;
        private int scheduled;

        PureDevice(PowerConfig config) {
            this.rules = new PowerRules(config, false);
            this.state = PowerState.bound(config);
            send(new PowerEvent.Put());
        }

        Outcome send(PowerEvent event) {
            Step step = rules.step(state, event);
            state = step.next();
            Outcome outcome = step.outcome();
            for (Effect effect : step.effects()) {
                switch (effect) {
                    case Effect.Then(PowerEvent next) -> outcome = send(next);
                    case Effect.MaskIntx() -> send(new PowerEvent.IntxMasked(false));
                    case Effect.SetPowerState(PciPowerState _, PciPowerState to) ->
                            send(new PowerEvent.PowerStateReached(to));
                    case Effect.Schedule() -> scheduled++;
                    default -> {}
                }
            }
            return outcome;
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldBeThePureFunction(long seed) {
        Random random = new Random(seed);
        PowerConfig config = DeviceUnderTest.ALL_STATES;
        DeviceUnderTest device = new DeviceUnderTest(config);
        PureDevice pure = new PureDevice(config);
        Deque<Access> held = new ArrayDeque<>();
        int borrowed = 0;
        device.power.open(true);
        pure.send(new PowerEvent.Open(true));
        for (int i = 0; i < 5_000; i++) {
            int op = random.nextInt(12);
            switch (op) {
                case 0, 1, 2, 3 -> {
                    held.push(device.power.access());
                    pure.send(new PowerEvent.Acquire());
                    borrowed++;
                }
                case 4, 5, 6 -> {
                    if (!held.isEmpty()) {
                        held.pop().close();
                        pure.send(new PowerEvent.Put());
                    }
                }
                case 7 -> {
                    if (!held.isEmpty()) {
                        boolean refused = refused(held.peek()::enterLowPower);
                        assertThat(pure.send(new PowerEvent.Enter(Optional.empty())))
                                .isInstanceOf(refused ? Outcome.Refused.class : Outcome.Done.class);
                    }
                }
                case 8 -> {
                    if (!held.isEmpty()) {
                        held.peek().exitLowPower();
                        pure.send(new PowerEvent.Exit());
                    }
                }
                case 9 -> {
                    boolean on = random.nextBoolean();
                    device.power.setMemoryEnabled(on);
                    pure.send(new PowerEvent.MemoryEnabled(on));
                }
                case 10 -> {
                    if (!held.isEmpty()) {
                        PciPowerState to = PciPowerState.ofPmcsrBits(random.nextInt(4));
                        held.peek().writePmcsr(to);
                        pure.send(new PowerEvent.PmcsrWrite(to));
                    }
                }
                default -> {
                    if (device.queue.runOne()) {
                        pure.scheduled--;
                        pure.send(new PowerEvent.Work());
                    }
                }
            }
            // Looking folds; look only now and then, so that long runs stay borrowed.
            if (random.nextInt(7) == 0) {
                assertThat(device.power.state())
                        .as("seed %d, step %d, op %d", seed, i, op)
                        .isEqualTo(pure.state);
            }
            assertThat(device.queue.isEmpty())
                    .as("seed %d, step %d, op %d", seed, i, op)
                    .isEqualTo(pure.scheduled == 0);
        }
        assertThat(device.power.state()).isEqualTo(pure.state);
        assertThat(borrowed).isGreaterThan(1_000);
    }

    private static boolean refused(Runnable entry) {
        try {
            entry.run();
            return false;
        } catch (PowerException e) {
            return true;
        }
    }

    @Test
    void shouldAllocateNothingWhileAwake() throws ReflectiveOperationException {
        DeviceUnderTest device = DeviceUnderTest.open(DeviceUnderTest.D3HOT);
        Supplier<Long> allocated = allocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            device.touch();
        }
        long before = allocated.get();
        long overhead = allocated.get() - before;
        long start = allocated.get();
        for (int i = 0; i < 100_000; i++) {
            device.touch();
        }
        long spent = allocated.get() - start - overhead;
        assertThat(spent).as("bytes in 100,000 accesses").isLessThan(10_000);
    }

    /** com.sun.management.ThreadMXBean, reached without a module dependency. */
    private static Supplier<Long> allocatedBytes() throws ReflectiveOperationException {
        Object bean =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        var method =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getThreadAllocatedBytes", long.class);
        return () -> {
            try {
                return (Long) method.invoke(bean, Thread.currentThread().threadId());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        };
    }
}
