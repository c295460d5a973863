/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Several targets' answers beside each other. They must be the same, case by case: the verdict and
 * every observation. Exceptions are {@link Differences}, and three general rules on what is not
 * applicable: another device, or another side of the socket, may have other things; and whether the
 * kernel counts references for all to see is its configuration. What a kernel between the verified
 * ones may answer in either way is not asked of it.
 */
public final class Comparison {
    /** What a target's answer to a case is beside the others'. */
    public enum Mark {
        /** The same as the first that could show it. */
        SAME('='),
        /** Another, as documented. */
        EXCEPTED('e'),
        /** Another. */
        OTHER('X'),
        /** Failed, or not carried out. */
        BAD('F'),
        /** Not applicable. */
        NOT_APPLICABLE('-'),
        /** The target was not asked. */
        NOT_ASKED('?');

        private final char letter;

        Mark(char letter) {
            this.letter = letter;
        }
    }

    /**
     * A case.
     *
     * @param id its name
     * @param marks one for each target
     * @param troubles what is wrong, one sentence each
     */
    public record Row(String id, List<Mark> marks, List<String> troubles) {
        /** Copies the lists. */
        public Row {
            marks = List.copyOf(marks);
            troubles = List.copyOf(troubles);
        }
    }

    /**
     * Where the two sides of the socket are compared, each of them must show these: a target that
     * has lost D3cold or its interrupts agrees with everybody by saying nothing.
     */
    static final List<String> MUST_SHOW =
            List.of(
                    "T.touch.N-S",
                    "T.reset.W-S",
                    "T.loopback.W-S",
                    "T.d3hot.N-S",
                    "B3.last-close.D3cold",
                    "B5.D3cold",
                    "B6.survives-D3cold",
                    "INTx.fires",
                    "INTx.D3cold",
                    "I1.unmask-asleep",
                    "MSI.D3cold",
                    "C.pread.D3hot",
                    "C.pread.D3cold",
                    "C.config.D3cold",
                    "C.reset.D3hot");

    /** What a bridge does not pass on, and what goes with the No_Soft_Reset that it shows. */
    private static final Set<String> NOT_PASSED_ON =
            Stream.of(
                            Need.DESCRIPTOR,
                            Need.DRIVER,
                            Need.IOEVENTFD,
                            Need.HOT_RESET,
                            Need.LASTING_INTERRUPT)
                    .map(Need::reason)
                    .collect(Collectors.toUnmodifiableSet());

    private static final List<String> SIDES = List.of("kernel", "socket");

    private final List<Answers> targets;
    private final List<Map<String, Answer>> byName = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();

    private Comparison(List<Answers> targets) {
        this.targets = List.copyOf(targets);
        SequencedSet<String> names = new LinkedHashSet<>();
        for (Answers answers : targets) {
            Map<String, Answer> index = new LinkedHashMap<>();
            answers.answers().forEach(answer -> index.put(answer.id(), answer));
            byName.add(index);
            names.addAll(index.keySet());
        }
        names.forEach(name -> rows.add(compare(name)));
    }

    /** Compares. */
    public static Comparison of(List<Answers> targets) {
        return new Comparison(targets);
    }

    /** All cases that one of the targets was asked. */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** Whether all answers are the same, but for the exceptions. */
    public boolean good() {
        return rows.stream().allMatch(row -> row.troubles().isEmpty());
    }

    private Row compare(String id) {
        Optional<Difference> excepted =
                Differences.all().stream().filter(d -> d.covers().test(id)).findFirst();
        List<Mark> marks = new ArrayList<>();
        List<String> troubles = new ArrayList<>();
        Optional<Integer> first = Optional.empty();
        for (int i = 0; i < targets.size(); i++) {
            Mark mark = mark(id, i, first, excepted);
            marks.add(mark);
            if (mark == Mark.SAME && first.isEmpty()) {
                first = Optional.of(i);
            }
            trouble(id, i, mark, first).ifPresent(troubles::add);
        }
        notApplicable(id, marks).ifPresent(troubles::add);
        if (MUST_SHOW.contains(id) && SIDES.stream().noneMatch(side -> on(side).isEmpty())) {
            SIDES.forEach(side -> unseen(side, marks).ifPresent(troubles::add));
        }
        return new Row(id, marks, troubles);
    }

    private Mark mark(
            String id, int target, Optional<Integer> first, Optional<Difference> excepted) {
        Answer answer = byName.get(target).get(id);
        if (answer == null) {
            return Mark.NOT_ASKED;
        }
        return switch (answer.verdict()) {
            case Verdict.Failed _, Verdict.Erred _ -> Mark.BAD;
            case Verdict.NotApplicable _ -> Mark.NOT_APPLICABLE;
            case Verdict.Passed _ -> {
                if (excepted.isPresent()) {
                    yield excepted.get().allows(targets.get(target).facts(), answer.observations())
                            ? Mark.EXCEPTED
                            : Mark.OTHER;
                }
                yield first.isEmpty() || observations(id, first.get()).equals(answer.observations())
                        ? Mark.SAME
                        : Mark.OTHER;
            }
        };
    }

    private List<String> observations(String id, int target) {
        return Objects.requireNonNull(byName.get(target).get(id)).observations();
    }

    private Optional<String> trouble(String id, int target, Mark mark, Optional<Integer> first) {
        String who = name(target);
        return switch (mark) {
            case SAME, EXCEPTED, NOT_APPLICABLE -> Optional.empty();
            case NOT_ASKED -> Optional.of(who + " was not asked");
            case BAD -> Optional.of("%s fails: %s".formatted(who, observations(id, target)));
            case OTHER ->
                    Optional.of(
                            first.map(other ->
                                            "%s answers %s, %s %s"
                                                    .formatted(
                                                            name(other),
                                                            observations(id, other),
                                                            who,
                                                            observations(id, target)))
                                    .orElseGet(() ->
                                            "%s answers %s, which is not the documented difference"
                                                    .formatted(who, observations(id, target))));
        };
    }

    /** Of two targets with the same hardware, both can show a case or none. */
    private Optional<String> notApplicable(String id, List<Mark> marks) {
        for (int i = 0; i < marks.size(); i++) {
            if (marks.get(i) != Mark.NOT_APPLICABLE) {
                continue;
            }
            Answer lacking = Objects.requireNonNull(byName.get(i).get(id));
            String reason =
                    lacking.verdict() instanceof Verdict.NotApplicable(String why) ? why : "";
            if (reason.equals(Need.USAGE.reason())
                    || reason.startsWith(KernelProfile.NOT_VERIFIED)) {
                continue;
            }
            for (int j = 0; j < marks.size(); j++) {
                boolean shows =
                        marks.get(j) != Mark.NOT_APPLICABLE && marks.get(j) != Mark.NOT_ASKED;
                if (shows && mustShow(targets.get(i), reason, targets.get(j))) {
                    return Optional.of(
                            "%s cannot show it (%s), %s can".formatted(name(i), reason, name(j)));
                }
            }
        }
        return Optional.empty();
    }

    /** The targets of a side; not bridges, of which the kernel's answers are wanted. */
    private List<Integer> on(String side) {
        return IntStream.range(0, targets.size())
                .filter(i -> side.equals(targets.get(i).facts().get("side")))
                .filter(i -> !"yes".equals(targets.get(i).facts().get("passed on")))
                .boxed()
                .toList();
    }

    private Optional<String> unseen(String side, List<Mark> marks) {
        return on(side).stream().allMatch(i -> marks.get(i) == Mark.NOT_APPLICABLE)
                ? Optional.of("no target on the side of the %s shows it".formatted(side))
                : Optional.empty();
    }

    /** Whether a target that lacks something must have what another one has. */
    private static boolean mustShow(Answers lacking, String reason, Answers showing) {
        return sameHardware(lacking, showing)
                || (passesOn(lacking, showing) && !mayBeLost(lacking, reason));
    }

    /** Whether the one is a bridge to a device like the other, which this machine's kernel has. */
    private static boolean passesOn(Answers bridge, Answers device) {
        return "yes".equals(bridge.facts().get("passed on"))
                && "yes".equals(bridge.facts().get("vfio-pci"))
                && "kernel".equals(device.facts().get("side"))
                && Objects.equals(bridge.facts().get("device"), device.facts().get("device"));
    }

    /** On the way through a bridge. */
    private static boolean mayBeLost(Answers bridge, String reason) {
        boolean keptWarm = "refused".equals(bridge.facts().get("D3cold"));
        return NOT_PASSED_ON.contains(reason) || (keptWarm && reason.equals(Need.D3COLD.reason()));
    }

    private static boolean sameHardware(Answers one, Answers other) {
        return List.of("device", "side", "passed on").stream()
                .allMatch(fact -> Objects.equals(one.facts().get(fact), other.facts().get(fact)));
    }

    private String name(int target) {
        Answers answers = targets.get(target);
        return "%s (%s, %s)"
                .formatted(
                        answers.target(),
                        answers.facts().getOrDefault("device", "?"),
                        answers.facts().getOrDefault("profile", "?"));
    }

    /** For a person: who was asked, a line for each case, and what is wrong in full. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            lines.add(
                    String.format(
                            Locale.ROOT, "%2d  %s: %s", i + 1, name(i), targets.get(i).summary()));
        }
        lines.add(
                "= same, e differs as documented, - not applicable, X differs, F fails, ? not asked");
        for (Row row : rows) {
            StringBuilder letters = new StringBuilder();
            row.marks().forEach(mark -> letters.append("  ").append(mark.letter));
            lines.add(String.format(Locale.ROOT, "%-32s%s", row.id(), letters));
        }
        for (Row row : rows) {
            row.troubles().forEach(trouble -> lines.add("%s: %s".formatted(row.id(), trouble)));
        }
        lines.add(summary());
        return lines;
    }

    private String summary() {
        long bad = rows.stream().filter(row -> !row.troubles().isEmpty()).count();
        long excepted = rows.stream().filter(row -> row.marks().contains(Mark.EXCEPTED)).count();
        return "%d cases, %d targets: %d differ, %d more as documented"
                .formatted(rows.size(), targets.size(), bad, excepted);
    }
}
