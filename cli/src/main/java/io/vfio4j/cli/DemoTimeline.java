/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.VfioException;
import io.vfio4j.linux.LinuxException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** Runs the demo's steps one after the other and prints each when it is done. */
final class DemoTimeline {
    private final boolean json;
    private final Terminal terminal;
    private final long start = System.nanoTime();
    private final List<Entry> entries = new ArrayList<>();
    private boolean aborted;

    /**
     * A step that is over.
     *
     * @param at when it began, since the demo's start
     * @param what what was done
     * @param rule where the specification says what must happen
     */
    private record Entry(Duration at, String what, String rule, DemoStep step) {}

    DemoTimeline(boolean json, Terminal terminal) {
        this.json = json;
        this.terminal = terminal;
    }

    void title(String text) {
        if (!json) {
            terminal.say(text);
        }
    }

    /** Runs a step; after one that threw, no other is run. */
    void step(String what, String rule, Consumer<DemoStep> work) {
        if (aborted) {
            return;
        }
        Duration at = elapsed();
        DemoStep step = new DemoStep();
        try {
            work.accept(step);
        } catch (VfioException | LinuxException | CommandException failed) {
            step.fail(String.valueOf(failed.getMessage()));
            aborted = true;
        }
        Entry entry = new Entry(at, what, rule, step);
        entries.add(entry);
        if (!json) {
            print(entry);
        }
    }

    private void print(Entry entry) {
        DemoStep step = entry.step();
        terminal.say(
                String.format(
                        Locale.ROOT,
                        "%8.1f  %-39s %7.1f ms  %s",
                        millis(entry.at()),
                        entry.what(),
                        millis(step.took()),
                        step.failures().isEmpty()
                                ? step.seen()
                                : "FAILED (spec " + entry.rule() + ")"));
        step.failures().forEach(failure -> terminal.say("            " + failure));
    }

    /** Prints the verdict. */
    Exit end() {
        long failed = entries.stream().filter(entry -> !entry.step().failures().isEmpty()).count();
        Duration total = elapsed();
        if (json) {
            printJson(failed == 0, total);
        } else if (failed == 0) {
            terminal.say(
                    "ok: %d steps in %s, each as the specification says"
                            .formatted(entries.size(), Durations.format(total)));
        } else {
            terminal.say(
                    "FAILED: %d of %d steps%s"
                            .formatted(
                                    failed,
                                    entries.size(),
                                    aborted ? "; those after the last were not run" : ""));
        }
        return failed == 0 ? new Exit.Done() : new Exit.Negative();
    }

    private void printJson(boolean ok, Duration total) {
        terminal.say(json -> {
            json.writeBooleanProperty("ok", ok);
            Json.millis(json, "total_ms", total);
            json.writeArrayPropertyStart("steps");
            for (Entry entry : entries) {
                json.writeStartObject();
                json.writeStringProperty("step", entry.what());
                json.writeStringProperty("rule", entry.rule());
                json.writeBooleanProperty("ok", entry.step().failures().isEmpty());
                Json.millis(json, "at_ms", entry.at());
                Json.millis(json, "took_ms", entry.step().took());
                json.writeStringProperty("seen", entry.step().seen());
                json.writeArrayPropertyStart("failures");
                entry.step().failures().forEach(json::writeString);
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }
}
