/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as people write them: 200us, 10ms, 1.5s, 2m, 1h. */
final class Durations {
    private static final Pattern TEXT =
            Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)(us|ms|s|m|h)");

    private Durations() {}

    /** The time that a text means, if it means one. */
    static Optional<Duration> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        double unit =
                switch (matcher.group(2)) {
                    case "us" -> 1e3;
                    case "ms" -> 1e6;
                    case "s" -> 1e9;
                    case "m" -> 60e9;
                    default -> 3600e9;
                };
        return Optional.of(Duration.ofNanos((long) (Double.parseDouble(matcher.group(1)) * unit)));
    }

    /** Milliseconds with one digit behind the point up to a second, then seconds with three. */
    static String format(Duration duration) {
        double millis = duration.toNanos() / 1e6;
        return millis < 1000
                ? String.format(Locale.ROOT, "%.1f ms", millis)
                : String.format(Locale.ROOT, "%.3f s", millis / 1e3);
    }
}
