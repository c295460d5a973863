/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.VfioException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Entries, exits and accesses at the same time: no order is expected of them, only that the
 * invariants I1, I2, I4 and I5 hold (spec C).
 */
final class Races {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final int PAIRS = 10;
    private static final int CYCLES = 5;
    private static final int READERS = 3;
    private static final int ROUNDS = 10;
    private static final int LOOKS = 10;

    private Races() {}

    static List<Case> cases() {
        return List.of(
                race("pairs", "W and EXIT at once after it", "I1, I2", Races::pairs),
                race("twice", "W and another at once after it", "I2", Races::twice),
                race("readers", "several readers wake it", "I2, I4", Races::readers),
                race("awake", "awake after the signal, until a new entry", "I5", Races::awake),
                race(
                        "entry-exit",
                        "entries, exits and reads at once",
                        "I1, I2",
                        Races::entriesAndExits),
                race("control", "power/control at once with entries", "I1", Races::control));
    }

    private static Case race(String id, String title, String invariants, Case.Body body) {
        return Case.of("R." + id, title, "spec C invariants " + invariants, body).within(BOUND);
    }

    /** Whether the device fell asleep in between is anybody's guess: each signals once or never. */
    private static void pairs(Trial t) {
        boolean atMostOnce = true;
        boolean balanced = true;
        for (int i = 0; i < PAIRS; i++) {
            Acts.wakeup(t.device(), t.wakeup());
            Acts.exit(t.device());
            atMostOnce &= t.wakeup().drain() <= 1;
            balanced &= t.awakeForGood();
        }
        t.expect("each signals at most once", atMostOnce);
        t.expect("awake after each", balanced);
        t.staysAwake();
        t.signals(0);
    }

    /**
     * The second is refused, or has ended the first: either way each W that was taken ends once.
     */
    private static void twice(Trial t) {
        boolean consistent = true;
        for (int i = 0; i < PAIRS; i++) {
            Acts.wakeup(t.device(), t.wakeup());
            String answer = Trial.outcome(() -> Acts.wakeup(t.device(), t.second()));
            t.fallAsleep();
            Acts.exit(t.device());
            long first = t.wakeup().drain();
            long second = t.second().drain();
            consistent &=
                    first == 1
                            && switch (answer) {
                                case "0" -> second == 1;
                                case "EINVAL" -> second == 0;
                                default -> false;
                            };
        }
        t.expect("as many signals as W were taken", consistent);
        t.staysAwake();
    }

    /** One wake, whoever is first; and the signal is there before the first of them returns. */
    private static void readers(Trial t) {
        boolean early = true;
        for (int i = 0; i < CYCLES; i++) {
            t.bring(State.W_S);
            AtomicInteger late = new AtomicInteger();
            Team team = new Team();
            for (int reader = 0; reader < READERS; reader++) {
                team.add(() -> {
                    Acts.readConfig(t.device());
                    if (!t.wakeup().await(Duration.ZERO)) {
                        late.incrementAndGet();
                    }
                });
            }
            team.run();
            early &= late.get() == 0;
            t.signals(1);
        }
        t.expect("the signal comes before the read returns", early);
        t.staysAwake();
        t.signals(0);
    }

    private static void awake(Trial t) {
        t.bring(State.W_S);
        Acts.readConfig(t.device());
        t.signals(1);
        boolean used = true;
        for (int i = 0; i < LOOKS; i++) {
            Acts.readConfig(t.device());
            used &= !Settle.asleep(t.host());
        }
        t.expect("never asleep", used);
        t.staysAwake();
    }

    private static void entriesAndExits(Trial t) {
        Team team = new Team();
        // One for sure: the entry without wakeup may be quicker than all of the others.
        Acts.wakeup(t.device(), t.wakeup());
        AtomicInteger taken = new AtomicInteger(1);
        for (int i = 0; i < 2; i++) {
            team.add(() ->
                    repeat(() -> {
                        if (attempt(() -> Acts.wakeup(t.device(), t.wakeup()))) {
                            taken.incrementAndGet();
                        }
                    }));
            team.add(() -> repeat(() -> attempt(() -> Acts.exit(t.device()))));
        }
        team.add(() -> repeat(() -> attempt(() -> Acts.entry(t.device()))));
        team.add(() -> repeat(() -> Acts.readConfig(t.device())));
        team.run();
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.staysAwake();
        long signals = t.wakeup().drain();
        // Each W ends once, by a signal or by an EXIT of an awake device, which nobody tells.
        long silent = taken.get() - signals;
        t.expect("not more signals than W that were taken", silent >= 0);
        t.expect("not more W without a signal than EXITs", silent <= 2L * ROUNDS + 1);
        // Nothing of it is left: the next entry is as the first.
        t.does("W", "0", () -> Acts.wakeup(t.device(), t.second()));
        After.SECOND.see(t);
    }

    private static void control(Trial t) {
        AtomicBoolean done = new AtomicBoolean();
        Team team = new Team();
        team.add(() -> {
            try {
                repeat(() -> {
                    attempt(() -> Acts.entry(t.device()));
                    Acts.readConfig(t.device());
                    Acts.exit(t.device());
                });
            } finally {
                done.set(true);
            }
        });
        team.add(() -> {
            while (!done.get()) {
                t.host().setControl(RuntimeControl.ON);
                t.host().setControl(RuntimeControl.AUTO);
            }
        });
        team.run();
        t.staysAwake();
        t.does("ENTRY", "0", () -> Acts.entry(t.device()));
        After.N.see(t);
    }

    private static void repeat(Runnable act) {
        for (int i = 0; i < ROUNDS; i++) {
            act.run();
        }
    }

    /** EINVAL is one of the answers: somebody else has been quicker. */
    private static boolean attempt(Trial.Act act) {
        String answer = Trial.outcome(act);
        if (!answer.equals("0") && !answer.equals("EINVAL")) {
            throw new Trial.Stuck("expected 0 or EINVAL, observed " + answer);
        }
        return answer.equals("0");
    }

    /** Threads that start together; what one throws is thrown by {@link #run}. */
    private static final class Team {
        private final List<Runnable> members = new ArrayList<>();

        void add(Runnable member) {
            members.add(member);
        }

        void run() {
            CountDownLatch start = new CountDownLatch(1);
            AtomicReference<List<RuntimeException>> failures = new AtomicReference<>(List.of());
            List<Thread> threads = new ArrayList<>();
            for (Runnable member : members) {
                threads.add(
                        Thread.ofPlatform()
                                .daemon()
                                .start(() -> {
                                    try {
                                        start.await();
                                        member.run();
                                    } catch (InterruptedException stopped) {
                                        Thread.currentThread().interrupt();
                                    } catch (RuntimeException failed) {
                                        failures.set(List.of(failed));
                                    }
                                }));
            }
            start.countDown();
            try {
                for (Thread thread : threads) {
                    thread.join();
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new VfioException(io.vfio4j.linux.Errno.EINTR, "interrupted", stopped);
            }
            failures.get()
                    .forEach(failed -> {
                        throw failed;
                    });
        }
    }
}
