/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.DeviceNotFoundException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.Target;
import io.vfio4j.uapi.HostAttribute;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Tells when the device falls asleep and wakes, where it has a host side that says so. */
final class Sleeper implements AutoCloseable {
    private final Target target;
    private final Optional<HostSide> host;
    private final Optional<HostEvents> events;
    private final EnterReport report;
    private final Deque<HostEvents.Seen> untold = new ArrayDeque<>();
    private String powerState;
    private String status = "";

    private Sleeper(Target target, Optional<HostSide> host, EnterReport report) {
        this.target = target;
        this.host = host;
        this.report = report;
        events = host.map(HostEvents::new);
        powerState = host.map(Sleeper::powerState).orElse("");
    }

    /** From which the first change starts; a device may fall asleep without changing it. */
    private static String powerState(HostSide host) {
        return HostFacts.read(host, List.of(HostAttribute.POWER_STATE))
                .get(HostAttribute.POWER_STATE);
    }

    static Sleeper of(Target target, EnterReport report) {
        Optional<HostSide> host;
        try {
            host = Optional.of(HostSide.beside(target));
        } catch (DeviceNotFoundException none) {
            host = Optional.empty();
        }
        return new Sleeper(target, host, report);
    }

    /**
     * Tells what has happened until then; what is heard later waits for the next time, so that all
     * lines stand in the order of their times.
     *
     * @param until a time of {@link System#nanoTime}
     * @throws CommandException if the device or its server is gone
     */
    void tell(long until) {
        if (events.isEmpty()) {
            return;
        }
        boolean ended = events.get().ended();
        untold.addAll(events.get().drain());
        while (!untold.isEmpty() && untold.getFirst().nanos() - until <= 0) {
            tell(untold.removeFirst());
        }
        if (ended) {
            throw events.get().gone("power enter", target);
        }
    }

    /** Tells what happens until the device is awake, or until that time has passed. */
    void tellUntilAwake(Duration atMost) {
        if (events.isEmpty()) {
            return;
        }
        long end = System.nanoTime() + atMost.toNanos();
        while (!untold.isEmpty()) {
            tell(untold.removeFirst());
        }
        while (!status.equals("active")) {
            Optional<HostEvents.Seen> seen =
                    events.get().next(Duration.ofNanos(end - System.nanoTime()));
            if (seen.isEmpty()) {
                return;
            }
            tell(seen.get());
        }
    }

    private void tell(HostEvents.Seen seen) {
        String value = seen.event().value();
        switch (seen.event().name()) {
            case "power_state" -> {
                powerState = value;
                // The kernel says D3cold only some time after the device has fallen asleep.
                if (status.equals("suspended") && !value.equals("D0")) {
                    report.asleep(value, seen.nanos());
                }
            }
            case "power/runtime_status" -> {
                status = value;
                if (value.equals("suspended")) {
                    report.asleep(powerState, seen.nanos());
                } else if (value.equals("active")) {
                    report.awake(seen.nanos());
                }
            }
            default -> {
                // What else may happen is for power watch.
            }
        }
    }

    @Override
    public void close() {
        events.ifPresent(HostEvents::close);
        host.ifPresent(HostSide::close);
    }
}
