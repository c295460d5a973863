/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.power.BridgeState;
import io.vfio4j.power.Pme;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a watcher is told of a bridge: one event for each attribute that reads differently now. */
final class BridgeEvents {
    private BridgeEvents() {}

    static List<HostEvent> between(BridgeState before, BridgeState after) {
        List<HostEvent> events = new ArrayList<>(2);
        if (!phase(before).equals(phase(after))) {
            events.add(HostEvent.of(HostAttribute.BRIDGE_STATE.sysfsName(), phase(after)));
        }
        if (!guest(before).equals(guest(after)) || !before.pme().equals(after.pme())) {
            events.add(
                    new HostEvent(
                            HostAttribute.BRIDGE_PMCSR.sysfsName(),
                            guest(after),
                            pme(after.pme())));
        }
        if (before.lock().isPresent() != after.lock().isPresent()) {
            events.add(
                    HostEvent.of(
                            HostAttribute.BRIDGE_LOCKED.sysfsName(),
                            bit(after.lock().isPresent())));
        }
        return events;
    }

    /** As {@code bridge/state} has it. */
    static String phase(BridgeState state) {
        return state.phase().name().toLowerCase(Locale.ROOT);
    }

    /** The D-state in the guest's PMCSR; that of a client that manages it itself nobody knows. */
    static String guest(BridgeState state) {
        return state.selfManaged() ? "unknown" : state.guest().sysfsName();
    }

    private static SortedMap<String, String> pme(Pme pme) {
        return new TreeMap<>(
                Map.of("pme_enabled", bit(pme.enabled()), "pme_status", bit(pme.status())));
    }

    static String bit(boolean set) {
        return set ? "1" : "0";
    }
}
