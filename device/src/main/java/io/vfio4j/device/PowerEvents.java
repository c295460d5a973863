/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PowerState;
import io.vfio4j.uapi.HostEvent;

import java.util.ArrayList;
import java.util.List;

/** What a watcher is told of a change: one event for each attribute that reads differently now. */
final class PowerEvents {
    private PowerEvents() {}

    /**
     * The events.
     *
     * @param before the state before
     * @param after the state after
     * @return one for each; none if no attribute shows the change
     */
    static List<HostEvent> between(PowerState before, PowerState after) {
        List<HostEvent> events = new ArrayList<>(2);
        add(events, "power_state", powerState(before), powerState(after));
        add(events, "power/runtime_status", before.pm().sysfsStatus(), after.pm().sysfsStatus());
        add(
                events,
                "low_power",
                before.contractState().specName(),
                after.contractState().specName());
        add(
                events,
                "pme_enabled",
                bit(before.pci().pme().enabled()),
                bit(after.pci().pme().enabled()));
        add(
                events,
                "pme_status",
                bit(before.pci().pme().status()),
                bit(after.pci().pme().status()));
        return events;
    }

    private static String powerState(PowerState state) {
        return state.pci().powerState().sysfsName();
    }

    private static String bit(boolean set) {
        return set ? "1" : "0";
    }

    private static void add(List<HostEvent> events, String name, String before, String after) {
        if (!before.equals(after)) {
            events.add(HostEvent.of(name, after));
        }
    }
}
