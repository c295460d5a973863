/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * One step of the demo while it runs: what was measured, what was seen, and what was not as
 * expected.
 */
final class DemoStep {
    private final List<String> failures = new ArrayList<>();
    private Duration took = Duration.ZERO;
    private String seen = "";

    /** The part of a step whose time is told. */
    @FunctionalInterface
    interface Timed<T> {
        T run();
    }

    /** Does what the step is about, and takes its time. */
    <T> T time(Timed<T> work) {
        long start = System.nanoTime();
        try {
            return work.run();
        } finally {
            took = Duration.ofNanos(System.nanoTime() - start);
        }
    }

    /** Does what the step is about, and takes its time. */
    void time(Runnable work) {
        Object _ =
                time(() -> {
                    work.run();
                    return "";
                });
    }

    /** Says in a few words what the step showed. */
    void see(String text) {
        seen = text;
    }

    /** Checks something that the specification says. */
    void expect(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            failures.add("%s is %s, expected %s".formatted(what, actual, expected));
        }
    }

    /** The step could not be done. */
    void fail(String why) {
        failures.add(why);
    }

    Duration took() {
        return took;
    }

    String seen() {
        return seen;
    }

    List<String> failures() {
        return List.copyOf(failures);
    }
}
