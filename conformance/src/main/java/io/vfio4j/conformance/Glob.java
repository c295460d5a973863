/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Names with {@code *} for any characters and {@code ?} for one, as in {@code T.*.N-S}. */
public final class Glob {
    private Glob() {}

    /**
     * Names that one of the patterns fits.
     *
     * @param patterns none for all names
     */
    public static Predicate<String> anyOf(List<String> patterns) {
        if (patterns.isEmpty()) {
            return name -> true;
        }
        return patterns.stream().map(Glob::of).reduce(Predicate::or).orElseThrow();
    }

    /** Names that a pattern fits. */
    public static Predicate<String> of(String pattern) {
        StringBuilder expression = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            switch (c) {
                case '*' -> expression.append(".*");
                case '?' -> expression.append('.');
                default -> expression.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(expression.toString()).asMatchPredicate();
    }
}
