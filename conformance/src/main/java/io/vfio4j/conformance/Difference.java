/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Predicate;

/**
 * A case whose answers may differ between targets, and in no other way than this.
 *
 * @param cases a pattern of the cases' names
 * @param by the fact of a target that decides: {@code side}, {@code SR-IOV}, {@code feature 12}
 * @param reason why, in one sentence
 * @param answers what is observed, by that fact's value
 */
public record Difference(
        String cases, String by, String reason, SequencedMap<String, List<String>> answers) {
    /** Whether it speaks of that case. */
    Predicate<String> covers() {
        return Glob.of(cases);
    }

    /** Whether a target answers as it says. */
    boolean allows(Map<String, String> facts, List<String> observations) {
        List<String> expected = answers.get(facts.getOrDefault(by, ""));
        return expected != null && expected.equals(observations);
    }

    /** A row of the documentation's table. */
    public String markdown() {
        StringBuilder who = new StringBuilder();
        answers.forEach((value, observations) ->
                who.append(who.isEmpty() ? "" : "<br>")
                        .append("%s %s: %s".formatted(by, value, String.join("; ", observations))));
        return "| `%s` | %s | %s |".formatted(cases, who, reason);
    }
}
