/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.bridge.BridgeOptions;
import io.vfio4j.power.SleepEntry;

import org.junit.jupiter.api.Test;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * A client that knows the contract meets the device behind a bridge, not the bridge: it has the
 * answers of the device itself, but for what is listed here.
 */
class BridgedConformanceTest {
    private static final Answers DIRECT = DirectAnswers.ALL;

    private static final Predicate<String> ALL = Glob.of("*");

    /**
     * By what a bridge enters shows where the client's own entry is not what the case begins with.
     */
    private static final Predicate<String> OF_THE_ENTRY =
            Glob.anyOf(
                    List.of(
                            "T.d3hot.*",
                            "T.reset.*",
                            "B4.*",
                            "B6.*",
                            "PME.*",
                            "C.pme.*",
                            "INTx.*",
                            "MSI.*",
                            "I1.*"));

    private static BridgeOptions options(SleepEntry entry, boolean deep) {
        BridgeOptions any = BridgeOptions.DEFAULTS;
        return new BridgeOptions(
                any.open(),
                deep,
                entry,
                any.reentry(),
                any.hysteresis(),
                any.grace(),
                any.wakeTimeout(),
                any.mappable(),
                any.keep());
    }

    /** What is answered in another way, by why. */
    private static Map<String, Set<String>> differences(
            BridgeOptions options, Predicate<String> chosen) {
        Map<String, Set<String>> differences = new TreeMap<>();
        try (BridgedEdu edu = new BridgedEdu(DirectAnswers.PROFILE, options)) {
            Answers direct = only(chosen);
            Answers bridged = Conformance.run(edu, chosen, _ -> {});
            assertThat(Report.failures(bridged)).isEmpty();
            assertThat(Comparison.of(List.of(direct, bridged)).good()).isTrue();
            for (int i = 0; i < direct.answers().size(); i++) {
                Answer answer = bridged.answers().get(i);
                if (!same(direct.answers().get(i), answer)) {
                    add(differences, why(answer), answer.id());
                }
            }
        }
        return differences;
    }

    private static Answers only(Predicate<String> chosen) {
        return new Answers(
                DIRECT.facts(),
                DIRECT.answers().stream().filter(answer -> chosen.test(answer.id())).toList(),
                DIRECT.time());
    }

    private static boolean same(Answer one, Answer other) {
        assertThat(one.id()).isEqualTo(other.id());
        return (one.verdict() instanceof Verdict.NotApplicable
                        && other.verdict() instanceof Verdict.NotApplicable)
                || (one.verdict().equals(other.verdict())
                        && one.observations().equals(other.observations()));
    }

    private static String why(Answer answer) {
        return answer.verdict() instanceof Verdict.NotApplicable(String lacking)
                ? lacking
                : reason(answer.id());
    }

    private static String reason(String id) {
        return Differences.all().stream()
                .filter(difference -> difference.covers().test(id))
                .map(Difference::reason)
                .findFirst()
                .orElse("no reason");
    }

    /**
     * What must be answered in another way: of what the device itself shows, all that needs what it
     * lacks behind the bridge, and what differs as the suite documents it.
     */
    private static Map<String, Set<String>> expected(
            Predicate<String> chosen, Set<Need> lacking, String... documented) {
        Map<String, Set<String>> expected = new TreeMap<>();
        for (Case question : Conformance.cases()) {
            question.needs().stream()
                    .sorted()
                    .filter(lacking::contains)
                    .findFirst()
                    .filter(_ -> chosen.test(question.id()) && isShown(question.id()))
                    .ifPresent(need -> add(expected, need.reason(), question.id()));
        }
        List.of(documented).forEach(id -> add(expected, reason(id), id));
        return expected;
    }

    private static void add(Map<String, Set<String>> all, String reason, String id) {
        all.computeIfAbsent(reason, _ -> new TreeSet<>()).add(id);
    }

    private static boolean isShown(String id) {
        return DIRECT.answers().stream()
                .anyMatch(it -> it.id().equals(id) && it.verdict() instanceof Verdict.Passed);
    }

    /** By default it keeps its promise that the device's context survives: no D3cold. */
    @Test
    void shouldAnswerAsTheDeviceItselfWhereItStaysInD3hot() {
        assertThat(differences(options(SleepEntry.WAKEUP, false), ALL))
                .isEqualTo(
                        expected(
                                ALL,
                                EnumSet.of(Need.PME_FROM_D0, Need.PME_FROM_D3COLD, Need.D3COLD),
                                "T.d3hot.OFF",
                                "B6.d3hot",
                                "C.pme.D3hot"));
    }

    /** Whose context may be lost in D3cold is shown as one that forgets in D3hot. */
    @Test
    void shouldAnswerAsTheDeviceItselfDownToD3cold() {
        assertThat(differences(options(SleepEntry.WAKEUP, true), ALL))
                .isEqualTo(
                        expected(
                                ALL,
                                EnumSet.of(Need.PME_FROM_D0, Need.LASTING_INTERRUPT),
                                "T.d3hot.OFF",
                                "B6.d3hot",
                                "C.pme.D3hot",
                                "C.pme.D3cold"));
    }

    /** Nobody tells of a wake, so there is no PME. */
    @Test
    void shouldAnswerAsTheDeviceItselfWhereItSleepsWithoutWakeup() {
        assertThat(differences(options(SleepEntry.PLAIN, true), OF_THE_ENTRY))
                .isEqualTo(
                        expected(
                                OF_THE_ENTRY,
                                EnumSet.of(Need.PME, Need.LASTING_INTERRUPT),
                                "T.d3hot.OFF",
                                "B6.d3hot",
                                "B6.pme"));
    }

    /** It does no more than a VMM does by itself. */
    @Test
    void shouldAnswerAsTheDeviceItselfWhereD3hotIsAllThereIs() {
        assertThat(differences(options(SleepEntry.PMCSR, false), OF_THE_ENTRY))
                .isEqualTo(expected(OF_THE_ENTRY, EnumSet.of(Need.PME, Need.D3COLD), "B6.pme"));
    }
}
