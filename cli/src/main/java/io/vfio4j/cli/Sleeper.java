/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.DeviceNotFoundException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.Target;

import java.util.Optional;

/** Tells when the device falls asleep and wakes, where it has a host side that says so. */
final class Sleeper implements AutoCloseable {
    private final Target target;
    private final Optional<HostSide> host;
    private final Optional<HostEvents> events;
    private final EnterReport report;
    private String powerState = "";

    private Sleeper(Target target, Optional<HostSide> host, EnterReport report) {
        this.target = target;
        this.host = host;
        this.report = report;
        events = host.map(HostEvents::new);
    }

    static Sleeper of(Target.VfioUser target, EnterReport report) {
        Optional<HostSide> host;
        try {
            host = Optional.of(HostSide.connect(Arguments.controlSocket(target)));
        } catch (DeviceNotFoundException none) {
            host = Optional.empty();
        }
        return new Sleeper(target, host, report);
    }

    /**
     * Tells what has happened.
     *
     * @throws CommandException if the server is gone
     */
    void tell() {
        if (events.isEmpty()) {
            return;
        }
        boolean ended = events.get().ended();
        for (HostEvents.Seen seen : events.get().drain()) {
            String value = seen.event().value();
            switch (seen.event().name()) {
                case "power_state" -> powerState = value;
                case "power/runtime_status" -> {
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
        if (ended) {
            throw new CommandException(
                    "power enter %s: the device's server is gone".formatted(target));
        }
    }

    @Override
    public void close() {
        events.ifPresent(HostEvents::close);
        host.ifPresent(HostSide::close);
    }
}
