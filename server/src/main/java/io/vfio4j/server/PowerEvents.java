/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.power.PowerState;
import io.vfio4j.uapi.HostEvent;

import java.util.ArrayList;
import java.util.List;

/** What a watcher is told of a change: one line for each attribute that reads differently now. */
final class PowerEvents {
    private PowerEvents() {}

    /**
     * The lines.
     *
     * @param before the state before
     * @param after the state after
     * @return lines without their LF; none if no attribute shows the change
     */
    static List<String> between(PowerState before, PowerState after) {
        List<String> lines = new ArrayList<>(2);
        add(lines, "power_state", powerState(before), powerState(after));
        add(lines, "power/runtime_status", before.pm().sysfsStatus(), after.pm().sysfsStatus());
        add(
                lines,
                "low_power",
                before.contractState().specName(),
                after.contractState().specName());
        add(
                lines,
                "pme_enabled",
                bit(before.pci().pme().enabled()),
                bit(after.pci().pme().enabled()));
        add(lines, "pme_status", bit(before.pci().pme().status()), bit(after.pci().pme().status()));
        return lines;
    }

    private static String powerState(PowerState state) {
        return state.pci().powerState().sysfsName();
    }

    private static String bit(boolean set) {
        return set ? "1" : "0";
    }

    private static void add(List<String> lines, String name, String before, String after) {
        if (!before.equals(after)) {
            lines.add(HostEvent.of(name, after).format());
        }
    }
}
