/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.VfioDevice;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Asks cases of a target, one after the other, whatever becomes of each. */
final class Runner {
    /** How long a case that was given up may take for its end, once its last wait is over. */
    private static final Duration PARTING = Duration.ofMillis(500);

    /** How often it is asked while a case is under way whether to stop. */
    private static final Duration TICK = Duration.ofMillis(50);

    private final Subject subject;
    private final HostSide host;
    private final Facts facts;
    private final Duration soon;
    private final Duration most;
    private final BooleanSupplier stop;
    private final HostState clean;

    /** What a case that shares its open has left, for the next one if that shares too. */
    private Optional<VfioDevice> open = Optional.empty();

    private Runner(
            Subject subject,
            HostSide host,
            HostState clean,
            Facts facts,
            Duration soon,
            Duration most,
            BooleanSupplier stop) {
        this.subject = subject;
        this.host = host;
        this.clean = clean;
        this.facts = facts;
        this.soon = soon;
        this.most = most;
        this.stop = stop;
    }

    /**
     * Asks them.
     *
     * @param soon how long what must come may take
     * @param most how long one case may take at most, whatever it says itself
     * @param stop whether to ask no more: the case that is under way is given up
     * @param listener is told of each answer
     * @return the answers until then
     */
    static Answers run(
            Subject subject,
            List<Case> cases,
            Predicate<String> chosen,
            Duration soon,
            Duration most,
            BooleanSupplier stop,
            Consumer<Answer> listener) {
        long start = System.nanoTime();
        try (HostSide host = subject.openHost()) {
            HostState found = HostState.of(host);
            try {
                host.setControl(RuntimeControl.AUTO);
                Facts facts = Facts.of(subject, host);
                HostState clean = found.forCases();
                clean.restore(host);
                Runner runner = new Runner(subject, host, clean, facts, soon, most, stop);
                List<Answer> answers = new ArrayList<>();
                try {
                    for (Case question : cases) {
                        if (stop.getAsBoolean()) {
                            break;
                        }
                        if (chosen.test(question.id())) {
                            Answer answer = runner.ask(question);
                            if (stop.getAsBoolean()) {
                                // Given up, perhaps: that is no answer.
                                break;
                            }
                            answers.add(answer);
                            listener.accept(answer);
                        }
                    }
                } finally {
                    runner.closeShared();
                }
                return new Answers(
                        facts.told(), answers, Duration.ofNanos(System.nanoTime() - start));
            } finally {
                found.restore(host);
            }
        }
    }

    private Answer ask(Case question) {
        long start = System.nanoTime();
        Asked asked =
                lacking(question.needs())
                        .map(Runner::notApplicable)
                        .orElseGet(() -> carryOut(question));
        return new Answer(
                question.id(),
                question.title(),
                question.citation(),
                asked.verdict(),
                asked.observations(),
                Duration.ofNanos(System.nanoTime() - start));
    }

    /** What came of it, and the open device that it left for the next case. */
    private record Asked(Verdict verdict, List<String> observations, Optional<VfioDevice> left) {
        Asked(Verdict verdict, List<String> observations) {
            this(verdict, observations, Optional.empty());
        }
    }

    private Optional<String> lacking(Set<Need> needs) {
        return needs.stream().sorted().flatMap(need -> need.lacking(facts).stream()).findFirst();
    }

    private static Asked notApplicable(String reason) {
        return new Asked(new Verdict.NotApplicable(reason), List.of());
    }

    /** On a thread of its own, so that one that hangs can be left behind. */
    private Asked carryOut(Case question) {
        if (!question.sharing()) {
            closeShared();
        }
        Optional<VfioDevice> lent = open;
        open = Optional.empty();
        AtomicBoolean givenUp = new AtomicBoolean();
        AtomicReference<Optional<Trial>> trial = new AtomicReference<>(Optional.empty());
        AtomicReference<Optional<Asked>> result = new AtomicReference<>(Optional.empty());
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("case " + question.id())
                        .start(() ->
                                result.set(Optional.of(carryOut(question, lent, givenUp, trial))));
        Duration bound = question.bound().compareTo(most) < 0 ? question.bound() : most;
        if (!ends(thread, bound, stop)) {
            givenUp.set(true);
            trial.get().ifPresent(Trial::abandon);
            boolean _ = ends(thread, soon.plus(PARTING), () -> false);
            clean.restore(host);
            return new Asked(
                    new Verdict.Failed(
                            List.of("it did not end within " + bound.toSeconds() + " s")),
                    List.of("hangs"));
        }
        Asked asked = result.get().orElseThrow();
        open = asked.left();
        return asked;
    }

    private void closeShared() {
        open.ifPresent(VfioDevice::close);
        open = Optional.empty();
    }

    private static boolean ends(Thread thread, Duration bound, BooleanSupplier stop) {
        long end = System.nanoTime() + bound.toNanos();
        try {
            while (!thread.join(TICK)) {
                if (stop.getAsBoolean() || System.nanoTime() - end > 0) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Asked carryOut(
            Case question,
            Optional<VfioDevice> lent,
            AtomicBoolean givenUp,
            AtomicReference<Optional<Trial>> place) {
        Optional<VfioDevice> left = Optional.empty();
        List<String> observations = new ArrayList<>();
        List<String> differences = new ArrayList<>();
        Optional<Verdict> end = Optional.empty();
        try {
            Trial trial = new Trial(subject, facts, host, lent, soon, givenUp);
            place.set(Optional.of(trial));
            try {
                left = carryOut(question, trial, givenUp);
            } finally {
                // Only now: what cannot be cleaned up is a difference as well.
                observations.addAll(trial.observations());
                differences.addAll(trial.differences());
            }
        } catch (Trial.Stuck stuck) {
            differences.add(String.valueOf(stuck.getMessage()));
        } catch (Trial.Inapplicable none) {
            end = Optional.of(new Verdict.NotApplicable(String.valueOf(none.getMessage())));
        } catch (Exception | AssertionError | InternalError broken) {
            end = Optional.of(new Verdict.Erred(broken + " at " + place(broken)));
        }
        return new Asked(verdict(end, differences), List.copyOf(observations), left);
    }

    /** And gives the device back, if it may be shared with the next. */
    private static Optional<VfioDevice> carryOut(
            Case question, Trial trial, AtomicBoolean givenUp) {
        try (trial) {
            if (givenUp.get()) {
                // Between its open and its being known to whoever gave it up.
                throw new Trial.GivenUp();
            }
            question.body().run(trial);
            return question.sharing() ? trial.lend() : Optional.empty();
        }
    }

    private static Verdict verdict(Optional<Verdict> end, List<String> differences) {
        if (end.isPresent() && (end.get().bad() || differences.isEmpty())) {
            return end.get();
        }
        return differences.isEmpty() ? new Verdict.Passed() : new Verdict.Failed(differences);
    }

    /** Where in this suite it went wrong. */
    private static String place(Throwable broken) {
        for (StackTraceElement element : broken.getStackTrace()) {
            if (element.getClassName().startsWith(Runner.class.getPackageName())) {
                return element.getFileName() + ":" + element.getLineNumber();
            }
        }
        return "an unknown place";
    }
}
