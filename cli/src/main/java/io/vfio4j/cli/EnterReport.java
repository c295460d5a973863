/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.Target;

import tools.jackson.core.JsonGenerator;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** What {@code power enter} prints: a line an event, with the time since low power was entered. */
final class EnterReport {
    private final Target target;
    private final boolean json;
    private final Terminal terminal;
    private long start;

    EnterReport(Target target, boolean json, Terminal terminal) {
        this.target = target;
        this.json = json;
        this.terminal = terminal;
        start = System.nanoTime();
    }

    /** Prints that the device may sleep, which the reply said at that time. */
    void entered(Optional<Duration> length, long nanos) {
        String until =
                length.map(time -> "for " + Durations.format(time))
                        .orElse("until Ctrl-C or SIGTERM");
        enter(false, nanos, "as long as this command runs, " + until);
    }

    /** The same, where its wake is waited for. */
    void enteredWithWakeup(Optional<Duration> timeout, long nanos) {
        String limit = timeout.map(time -> ", for " + Durations.format(time)).orElse("");
        enter(true, nanos, "waiting for its wake" + limit);
    }

    /** Low power is being entered now: the time from which all others count. */
    void entering() {
        start = System.nanoTime();
    }

    private void enter(boolean wakeup, long nanos, String how) {
        line(
                "entered",
                nanos,
                "%s may sleep, %s".formatted(target, how),
                fields -> {
                    fields.writeStringProperty("target", target.toString());
                    fields.writeBooleanProperty("wakeup", wakeup);
                });
    }

    void asleep(String powerState, long nanos) {
        line(
                "asleep",
                nanos,
                powerState,
                fields -> fields.writeStringProperty("power_state", powerState));
    }

    void awake(long nanos) {
        line("awake", nanos, "", fields -> {});
    }

    void woken(long signals, long nanos) {
        line(
                "woken",
                nanos,
                signals == 1 ? "signalled once" : "signalled %d times".formatted(signals),
                fields -> fields.writeNumberProperty("signals", signals));
    }

    void noWake(String why) {
        line("no wake", System.nanoTime(), why, fields -> fields.writeStringProperty("why", why));
    }

    void left() {
        line("left", System.nanoTime(), "low power is off", fields -> {});
    }

    private void line(String event, long nanos, String text, Consumer<JsonGenerator> more) {
        Duration after = Duration.ofNanos(nanos - start);
        if (json) {
            terminal.say(fields -> {
                fields.writeStringProperty("event", event.replace(' ', '_'));
                Json.millis(fields, "after_ms", after);
                more.accept(fields);
            });
        } else {
            terminal.say(
                    String.format(
                                    Locale.ROOT,
                                    "%10s  %-8s %s",
                                    Durations.format(after),
                                    event,
                                    text)
                            .stripTrailing());
        }
    }
}
