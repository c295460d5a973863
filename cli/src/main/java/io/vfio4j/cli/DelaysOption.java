/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.power.Delays;

import java.time.Duration;
import java.util.Optional;

/** The value of {@code --delays}. */
final class DelaysOption {
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private DelaysOption() {}

    static Delays parse(String text) {
        return Delays.named(text).orElseGet(() -> explicit(text));
    }

    private static Delays explicit(String text) {
        Delays delays = Delays.SPEC;
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            Optional<Duration> time =
                    equals < 0 ? Optional.empty() : Durations.parse(part.substring(equals + 1));
            if (time.isEmpty() || !given(part.substring(0, equals), text)) {
                throw bad(text);
            }
            if (time.get().compareTo(LONGEST) > 0) {
                throw new UsageException(
                        "--delays %s: no delay is longer than %d s, which is how long a request"
                                        .formatted(part, LONGEST.toSeconds())
                                + " and the end of the server would wait");
            }
            Duration given = time.get();
            delays =
                    switch (part.substring(0, equals)) {
                        case "d3hot" -> with(delays, given, delays.d2(), delays.d3coldPowerOn());
                        case "d2" -> with(delays, delays.d3hot(), given, delays.d3coldPowerOn());
                        case "d3cold" -> with(delays, delays.d3hot(), delays.d2(), given);
                        default -> throw bad(text);
                    };
        }
        return delays;
    }

    /** Whether a word is given once. */
    private static boolean given(String word, String text) {
        String all = "," + text;
        String one = "," + word + "=";
        return all.indexOf(one) == all.lastIndexOf(one);
    }

    private static Delays with(Delays base, Duration d3hot, Duration d2, Duration d3cold) {
        return new Delays(d3hot, d2, d3cold, base.readyPoll(), base.readyTimeout());
    }

    private static UsageException bad(String text) {
        return new UsageException(
                "--delays is spec, fast, slow, or like d3hot=10ms,d2=200us,d3cold=100ms, not \"%s\""
                        .formatted(text));
    }
}
