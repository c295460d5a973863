/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Predicate;

/**
 * What a target answered to the suite.
 *
 * @param facts what the target is, as far as it decides what can be asked
 * @param answers in the suite's order
 * @param time how long it all took
 */
public record Answers(SequencedMap<String, String> facts, List<Answer> answers, Duration time) {
    /** Copies what it is given. */
    public Answers {
        facts = new LinkedHashMap<>(facts);
        answers = List.copyOf(answers);
    }

    /** Whether nothing failed. */
    public boolean good() {
        return answers.stream().noneMatch(answer -> answer.verdict().bad());
    }

    /** What the target is called. */
    public String target() {
        return facts.getOrDefault("target", "?");
    }

    /** How many answers of each verdict there are, in words. */
    public String summary() {
        Map<String, Predicate<Verdict>> kinds = new LinkedHashMap<>();
        kinds.put("passed", Verdict.Passed.class::isInstance);
        kinds.put("failed", Verdict.Failed.class::isInstance);
        kinds.put("errors", Verdict.Erred.class::isInstance);
        kinds.put("not applicable", Verdict.NotApplicable.class::isInstance);
        StringBuilder text = new StringBuilder();
        kinds.forEach((kind, is) ->
                text.append(text.isEmpty() ? "" : ", ")
                        .append(answers.stream().map(Answer::verdict).filter(is).count())
                        .append(' ')
                        .append(kind));
        return text.toString();
    }
}
