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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Asks cases of a target, one after the other, whatever becomes of each. */
final class Runner {
    /** How long a case that was given up may take for its end. */
    private static final Duration PARTING = Duration.ofSeconds(2);

    private final Subject subject;
    private final HostSide host;
    private final Facts facts;
    private final Duration soon;
    private final Duration most;

    /** What a case that shares its open has left, for the next one if that shares too. */
    private Optional<VfioDevice> open = Optional.empty();

    private Runner(Subject subject, HostSide host, Facts facts, Duration soon, Duration most) {
        this.subject = subject;
        this.host = host;
        this.facts = facts;
        this.soon = soon;
        this.most = most;
    }

    /**
     * Asks them.
     *
     * @param soon how long what must come may take
     * @param most how long one case may take at most, whatever it says itself
     * @param listener is told of each answer
     */
    static Answers run(
            Subject subject,
            List<Case> cases,
            Predicate<String> chosen,
            Duration soon,
            Duration most,
            Consumer<Answer> listener) {
        long start = System.nanoTime();
        try (HostSide host = subject.openHost()) {
            RuntimeControl control = host.control();
            boolean d3coldAllowed = host.d3coldAllowed();
            try {
                host.setControl(RuntimeControl.AUTO);
                Facts facts = Facts.of(subject, host);
                // In D3hot unless a case wants D3cold: that is quicker, and the same everywhere.
                host.setD3coldAllowed(false);
                Runner runner = new Runner(subject, host, facts, soon, most);
                List<Answer> answers = new ArrayList<>();
                try {
                    for (Case question : cases) {
                        if (chosen.test(question.id())) {
                            Answer answer = runner.ask(question);
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
                host.setD3coldAllowed(d3coldAllowed);
                host.setControl(control);
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
        AtomicReference<Optional<Trial>> trial = new AtomicReference<>(Optional.empty());
        AtomicReference<Optional<Asked>> result = new AtomicReference<>(Optional.empty());
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("case " + question.id())
                        .start(() -> result.set(Optional.of(carryOut(question, lent, trial))));
        Duration bound = question.bound().compareTo(most) < 0 ? question.bound() : most;
        if (!ends(thread, bound)) {
            trial.get().ifPresent(Trial::abandon);
            boolean _ = ends(thread, PARTING);
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

    private static boolean ends(Thread thread, Duration bound) {
        try {
            return thread.join(bound);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Asked carryOut(
            Case question, Optional<VfioDevice> lent, AtomicReference<Optional<Trial>> place) {
        Optional<VfioDevice> left = Optional.empty();
        List<String> observations = new ArrayList<>();
        List<String> differences = new ArrayList<>();
        Optional<Verdict> end = Optional.empty();
        try (Trial trial = new Trial(subject, facts, host, lent, soon)) {
            place.set(Optional.of(trial));
            try {
                question.body().run(trial);
                if (question.sharing()) {
                    left = trial.lend();
                }
            } finally {
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
        Verdict verdict =
                end.orElseGet(() ->
                        differences.isEmpty()
                                ? new Verdict.Passed()
                                : new Verdict.Failed(differences));
        return new Asked(verdict, List.copyOf(observations), left);
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
