/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.Target;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** {@code power watch}: every change of the device's power, as the host side tells it. */
final class PowerWatchCommand implements Command {
    private static final Duration TICK = Duration.ofMillis(50);
    private static final List<HostAttribute> FIRST =
            List.of(
                    HostAttribute.POWER_RUNTIME_STATUS,
                    HostAttribute.POWER_STATE,
                    HostAttribute.BRIDGE_STATE);

    @Override
    public String name() {
        return "power watch";
    }

    @Override
    public String operands() {
        return "TARGET";
    }

    @Override
    public String summary() {
        return "print what happens to the device's power, until stopped";
    }

    @Override
    public String details() {
        return """
        Listens to the host side, PATH.ctl: it does not wake the device, and another process may have
        it meanwhile. The first lines say what runtime_status and power_state are now; all others are
        changes. low_power is the device's contract with its client: OFF, entered without wakeup (N) or
        with (W), and then awake (_A) or asleep (_S). pme_enabled and pme_status are the two bits of PMCSR
        of a device that can signal PME. Of a device that is passed on by vfio4j bridge, bridge/state,
        bridge/pmcsr and bridge/locked are told, too.
        Of a device of this machine it looks at sysfs every 10 ms, which does not wake it either; what
        came and went in between is told with seen_by=, the time in sysfs that gave it away. The kernel
        shows neither low_power nor PME.\
        """;
    }

    @Override
    public Set<CommandOption> options() {
        return Set.of();
    }

    @Override
    public Exit run(Arguments arguments, Terminal terminal) {
        Target target = arguments.target();
        Stop stop = terminal.stops().get();
        Lines lines = new Lines(arguments.json(), terminal);
        try (HostSide host = HostSide.beside(target);
                HostEvents events = new HostEvents(host)) {
            HostFacts.read(host, FIRST)
                    .values()
                    .forEach((attribute, value) ->
                            lines.print(Instant.now(), HostEvent.of(attribute.sysfsName(), value)));
            while (!stop.await(TICK)) {
                // Asked before the queue is emptied, so that the last words are not lost.
                boolean ended = events.ended();
                events.drain().forEach(seen -> lines.print(seen.at(), seen.event()));
                if (ended) {
                    throw events.gone("power watch", target);
                }
                if (terminal.unheard()) {
                    break;
                }
            }
        }
        return new Exit.Done();
    }

    /** How an event is written. */
    private record Lines(boolean json, Terminal terminal) {
        private static final DateTimeFormatter TIME =
                DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

        void print(Instant at, HostEvent event) {
            if (json) {
                terminal.say(fields -> {
                    fields.writeStringProperty(
                            "time", at.truncatedTo(ChronoUnit.MILLIS).toString());
                    fields.writeStringProperty("event", event.name());
                    fields.writeStringProperty("value", event.value());
                    event.details().forEach(fields::writeStringProperty);
                });
                return;
            }
            StringBuilder line =
                    new StringBuilder(
                            String.format(
                                    Locale.ROOT,
                                    "%s  %-20s  %s",
                                    TIME.format(at),
                                    event.name(),
                                    event.value()));
            event.details()
                    .forEach(
                            (key, value) -> line.append(' ').append(key).append('=').append(value));
            terminal.say(line.toString());
        }
    }
}
