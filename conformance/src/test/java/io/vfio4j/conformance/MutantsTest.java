/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RawFeature;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The suite can fail: a device that breaks one rule fails the cases of that rule, and not others.
 */
class MutantsTest {
    private static final ServedEdu EDU = new ServedEdu(KernelProfile.LINUX_7_3);

    @AfterAll
    static void end() {
        EDU.close();
    }

    private static VfioException refusal(Errno errno) {
        return new VfioException(errno, "a mutant's refusal");
    }

    @Test
    void shouldHearASignalTooMany() {
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            Object result = call.proceed();
                            call.wakeup()
                                    .filter(event -> event.await(Duration.ZERO))
                                    .ifPresent(event -> {
                                        event.signal();
                                        call.forgetWakeup();
                                    });
                            return result;
                        });

        assertThat(mutant.failing("T.exit.*", "C.pread.D3*"))
                .containsExactly("T.exit.W-S", "C.pread.D3hot", "C.pread.D3cold");
    }

    @Test
    void shouldMissASignal() {
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.sets(Acts.WAKEUP)) {
                                Acts.entry(call.device());
                                return null;
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("T.pread.*", "T.entry.N-S"))
                .containsExactly("T.pread.W-A", "T.pread.W-S");
    }

    @Test
    void shouldNoticeThatNobodyWentBackToSleep() {
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            Object result = call.proceed();
                            if (call.is("readInt")) {
                                Acts.exit(call.device());
                            }
                            return result;
                        });

        assertThat(mutant.failing("T.pread.*", "T.pwrite.N-S"))
                .containsExactly("T.pread.N-A", "T.pread.N-S", "T.pread.W-A");
    }

    @Test
    void shouldTouchAMappingThatAnswersThoughItMustNot() {
        AtomicBoolean engaged = new AtomicBoolean();
        // Engaged late: until the next request the mapping still works.
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.sets(Acts.ENTRY)) {
                                engaged.set(true);
                                return null;
                            }
                            if (!call.is("close", "info") && engaged.getAndSet(false)) {
                                Acts.entry(call.device());
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("T.touch.N-A", "T.touch.OFF", "B4.loop"))
                .containsExactly("T.touch.N-A", "B4.loop");
    }

    @Test
    void shouldWaitForAPmeThatIsNotTold() {
        Mutant mutant = Mutant.ofDevice(EDU, call -> call.is("enablePme") ? null : call.proceed());

        assertThat(mutant.failing("PME.*")).containsExactly("PME.told", "PME.pending", "PME.D3hot");
    }

    /** As a server that stores the bytes of PMCSR that it is given. */
    @Test
    void shouldNoticeThatAWriteSetsPmeStatus() {
        AtomicInteger stored = new AtomicInteger();
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            boolean pmcsr =
                                    call.is("writeShort", "readShort")
                                            && call.argument(1).equals(0x44L);
                            if (pmcsr && call.is("writeShort")) {
                                stored.set((Short) call.argument(2) & 0x8000);
                            }
                            Object result = call.proceed();
                            return pmcsr && result instanceof Short read
                                    ? (short) (read | stored.get())
                                    : result;
                        });

        assertThat(mutant.failing("B6.pme", "PME.status-*", "PME.enable-*"))
                .containsExactly(
                        "B6.pme",
                        "PME.enable-1",
                        "PME.status-1",
                        "PME.status-2",
                        "PME.enable-4",
                        "PME.status-4");
    }

    @Test
    void shouldTellEinvalFromEnotty() {
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            try {
                                return call.proceed();
                            } catch (VfioException refused) {
                                throw refused.errno().equals(Errno.ENOTTY)
                                        ? refusal(Errno.EINVAL)
                                        : refused;
                            }
                        });

        assertThat(mutant.failing("A2.07", "A2.09", "A2.07-14", "T.ioctl-fails.OFF", "T.probe.OFF"))
                .containsExactly("T.ioctl-fails.OFF", "A2.07", "A2.07-14");
    }

    @Test
    void shouldNoticeAnExitThatIsRefused() {
        AtomicBoolean engaged = new AtomicBoolean();
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.sets(Acts.ENTRY)) {
                                engaged.set(true);
                            } else if (call.sets(Acts.EXIT) && !engaged.getAndSet(false)) {
                                throw refusal(Errno.EINVAL);
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("T.exit.OFF", "B2.exits", "T.mmap.OFF"))
                .containsExactly("T.exit.OFF", "B2.exits");
    }

    @Test
    void shouldNoticeAWakeThatTheHostMustNotCause() {
        Mutant mutant =
                Mutant.ofHost(
                        EDU,
                        call -> {
                            if (call.is("readConfig")) {
                                call.host().setD3coldAllowed(call.host().d3coldAllowed());
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("C.config.*"))
                .containsExactly("C.config.D3hot", "C.config.N.D3hot");
    }

    @Test
    void shouldNoticeAWakeThatAnEmptyReadMustNotCause() {
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.is("read")) {
                                Acts.readConfig(call.device());
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("T.pread-0.*")).containsExactly("T.pread-0.N-S", "T.pread-0.W-S");
    }

    @Test
    void shouldHearACloseThatSignals() {
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            Object result = call.proceed();
                            if (call.is("close")) {
                                call.wakeup().ifPresent(event -> event.signal());
                                call.forgetWakeup();
                            }
                            return result;
                        });

        assertThat(mutant.failing("T.last-close.*"))
                .containsExactly("T.last-close.W-A", "T.last-close.W-S");
    }

    @Test
    void shouldCountAReferenceThatWasNotGivenBack() {
        Mutant mutant =
                Mutant.ofHost(
                        EDU,
                        call ->
                                call.is("runtimeUsage")
                                        ? call.host().runtimeUsage() + 1
                                        : call.proceed());

        assertThat(mutant.failing("B2.failing", "A2.05")).containsExactly("A2.05", "B2.failing");
    }

    @Test
    void shouldMissAnInterruptThatAnUnmaskLost() {
        Mutant mutant =
                Mutant.ofDevice(EDU, call -> call.is("unmaskInterruptBy") ? null : call.proceed());

        assertThat(mutant.failing("I1.*", "INTx.asleep")).containsExactly("I1.unmask-asleep");
    }

    @Test
    void shouldNoticeAnUnmaskThatDoesNotWaitForTheResume() {
        AtomicReference<Optional<EventFd>> line = new AtomicReference<>(Optional.empty());
        Mutant mutant =
                new Mutant(
                        EDU,
                        call -> {
                            if (call.is("enableInterrupts")
                                    && call.argument(2) instanceof List<?> events) {
                                line.set(Optional.of((EventFd) events.getFirst()));
                            }
                            return call.proceed();
                        },
                        call -> {
                            // Looked at when it sleeps, it has interrupted already.
                            if (call.is("runtimeSuspendedTime")) {
                                line.getAndSet(Optional.empty()).ifPresent(EventFd::signal);
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("I1.*")).containsExactly("I1.unmask-asleep");
    }

    /** A device that is quick to sleep again: one wake is nowhere to be seen. */
    @Test
    void shouldNoticeWakesOfLessThanAMillisecond() {
        try (ServedEdu quick = new ServedEdu(KernelProfile.LINUX_7_3, Delays.ZERO)) {
            Mutant device =
                    Mutant.ofDevice(
                            quick,
                            call -> {
                                if (call.is("read")) {
                                    Acts.readConfig(call.device());
                                }
                                return call.proceed();
                            });
            Mutant host =
                    Mutant.ofHost(
                            quick,
                            call -> {
                                if (call.is("readConfig")) {
                                    call.host().setD3coldAllowed(call.host().d3coldAllowed());
                                }
                                return call.proceed();
                            });

            assertThat(device.failing("T.pread-0.N-*")).containsExactly("T.pread-0.N-S");
            assertThat(host.failing("C.config.N.D3hot")).containsExactly("C.config.N.D3hot");
        }
    }

    @Test
    void shouldCountTheEntriesThatWereTaken() {
        // Each is taken twice and told once: one more signal than W.
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            Object result = call.proceed();
                            if (call.sets(Acts.WAKEUP)) {
                                call.wakeup().ifPresent(event -> event.add(100));
                            }
                            return result;
                        });

        assertThat(mutant.failing("R.entry-exit")).containsExactly("R.entry-exit");
    }

    @Test
    void shouldNoticeACheckThatNobodyMakes() {
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.sets(Acts.WAKEUP)
                                    && call.request().map(RawFeature::payload).orElseThrow()[4]
                                            != 0) {
                                throw refusal(Errno.EINVAL);
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("A2.14.reserved", "A2.14.minus-1"))
                .containsExactly("A2.14.reserved");
    }

    /** Engaged by a request that says that it was refused. */
    @Test
    void shouldNotShareWhatACaseHasLeftEngaged() {
        AtomicInteger closes = new AtomicInteger();
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.request().filter(raw -> raw.argsz() == 7).isPresent()) {
                                Acts.entry(call.device());
                                throw refusal(Errno.EINVAL);
                            }
                            if (call.is("close")) {
                                closes.incrementAndGet();
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("A2.04", "A2.05", "A2.06")).containsExactly("A2.04");
        // Of the first look at what the target is, of A2.04, and of the two that share.
        assertThat(closes).hasValue(3);
    }

    @Test
    void shouldGoOnAfterACaseThatHangsAndOneThatBreaks() {
        CountDownLatch never = new CountDownLatch(1);
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.is("writeByte")) {
                                never.await();
                            }
                            if (call.is("reset")) {
                                throw new IllegalStateException("broken");
                            }
                            return call.proceed();
                        });

        Answers answers =
                Runner.run(
                        mutant,
                        Conformance.cases(),
                        Glob.anyOf(List.of("T.*.OFF")),
                        Mutant.SOON,
                        Duration.ofMillis(1500),
                        () -> false,
                        _ -> {});

        assertThat(answers.answers())
                .filteredOn(answer -> answer.verdict().bad())
                .extracting(Answer::id)
                .containsExactly("T.pwrite.OFF", "T.reset.OFF");
        assertThat(answers.answers())
                .filteredOn(answer -> answer.id().equals("T.pwrite.OFF"))
                .allSatisfy(answer -> assertThat(answer.observations()).containsExactly("hangs"));
        assertThat(answers.answers())
                .filteredOn(answer -> answer.id().equals("T.reset.OFF"))
                .allSatisfy(
                        answer -> assertThat(answer.verdict()).isInstanceOf(Verdict.Erred.class));
    }

    @Test
    void shouldTidyUpAfterACaseThatHangsAndKeepItFromTheHostForGood() throws Exception {
        String hangs = "case T.entry.N-A";
        CountDownLatch revived = new CountDownLatch(1);
        AtomicReference<Thread> left = new AtomicReference<>(Thread.currentThread());
        AtomicInteger late = new AtomicInteger();
        Mutant mutant =
                new Mutant(
                        EDU,
                        call -> {
                            if (call.sets(Acts.ENTRY) && isCase(hangs)) {
                                left.set(Thread.currentThread());
                                revived.await();
                            }
                            return call.proceed();
                        },
                        call -> {
                            if (revived.getCount() == 0 && isCase(hangs)) {
                                late.incrementAndGet();
                            }
                            return call.proceed();
                        });

        try (HostSide host = EDU.openHost()) {
            Answers answers =
                    Runner.run(
                            mutant,
                            Conformance.cases(),
                            Glob.anyOf(List.of("T.entry.N-*", "T.exit.*")),
                            Mutant.SOON,
                            Duration.ofSeconds(1),
                            () -> false,
                            answer -> {
                                if (answer.id().equals("T.entry.N-A")) {
                                    assertThat(host.control()).isEqualTo(RuntimeControl.AUTO);
                                    revived.countDown();
                                }
                            });

            assertThat(left.get().join(Duration.ofSeconds(5))).isTrue();
            assertThat(late).hasValue(0);
            assertThat(answers.answers())
                    .filteredOn(answer -> answer.verdict().bad())
                    .extracting(Answer::id)
                    .containsExactly("T.entry.N-A");
        }
    }

    private static boolean isCase(String name) {
        return Thread.currentThread().getName().equals(name);
    }

    @Test
    void shouldStopAtOnceAndLeaveTheHostAsFound() {
        AtomicBoolean stop = new AtomicBoolean();
        CountDownLatch never = new CountDownLatch(1);
        Mutant mutant =
                Mutant.ofDevice(
                        EDU,
                        call -> {
                            if (call.sets(Acts.ENTRY) && isCase("case T.entry.N-A")) {
                                stop.set(true);
                                never.await();
                            }
                            return call.proceed();
                        });

        try (HostSide host = EDU.openHost()) {
            boolean d3coldAllowed = host.d3coldAllowed();
            Answers answers =
                    Runner.run(
                            mutant,
                            Conformance.cases(),
                            Glob.of("T.entry.*"),
                            Mutant.SOON,
                            Duration.ofSeconds(10),
                            stop::get,
                            _ -> {});

            assertThat(answers.answers()).extracting(Answer::id).containsExactly("T.entry.OFF");
            assertThat(host.control()).isEqualTo(RuntimeControl.AUTO);
            assertThat(host.d3coldAllowed()).isEqualTo(d3coldAllowed);
        }
    }

    @Test
    void shouldNoticeThatACaseCouldNotCleanUp() {
        Mutant mutant =
                Mutant.ofHost(
                        EDU,
                        call -> {
                            if (call.is("setD3coldAllowed")
                                    && call.argument(0).equals(false)
                                    && isCase("case C.pread.D3cold")) {
                                throw refusal(Errno.EIO);
                            }
                            return call.proceed();
                        });

        assertThat(mutant.failing("C.pread.D3*")).containsExactly("C.pread.D3cold");
    }
}
