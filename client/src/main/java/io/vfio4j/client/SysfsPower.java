/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A look at a device's power.
 *
 * @param status {@code power/runtime_status}
 * @param powerState {@code power_state}; empty on kernels that do not tell
 * @param otherTime how long the device had been in the other status than this one when it was last
 *     known to be in this one, milliseconds: what grows by a change that is over at the next look.
 *     Empty at the first look at a status, since the change to it may have come in between, and in
 *     a status between two.
 */
record SysfsPower(String status, Optional<String> powerState, Optional<String> otherTime) {
    private static final String ACTIVE = "active";
    private static final String SUSPENDED = "suspended";

    /** Where the attributes come from. */
    interface Source {
        /** An attribute's text; empty if there is none or it has no value. */
        Optional<String> read(HostAttribute attribute);
    }

    static SysfsPower first(Source source) {
        return look(source, "");
    }

    /** The look that follows this one. */
    SysfsPower next(Source source) {
        return look(source, status);
    }

    private static SysfsPower look(Source source, String before) {
        // This one first: it then belongs to the status of the look before, if that is the same.
        Optional<String> otherTime = otherClock(before).flatMap(source::read);
        String status = source.read(HostAttribute.POWER_RUNTIME_STATUS).orElse("unsupported");
        // On the way down and up a D-state changes before the status says so.
        Optional<String> powerState = source.read(HostAttribute.POWER_STATE);
        return new SysfsPower(
                status, powerState, status.equals(before) ? otherTime : Optional.empty());
    }

    /** What must have happened between an earlier look and this one, in order. */
    List<HostEvent> since(SysfsPower before) {
        List<HostEvent> events = new ArrayList<>();
        if (!powerState.equals(before.powerState)) {
            powerState.ifPresent(state ->
                    events.add(HostEvent.of(HostAttribute.POWER_STATE.sysfsName(), state)));
        }
        String name = HostAttribute.POWER_RUNTIME_STATUS.sysfsName();
        if (!status.equals(before.status)) {
            events.add(HostEvent.of(name, status));
        } else if (otherTime.isPresent()
                && before.otherTime.isPresent()
                && !otherTime.equals(before.otherTime)) {
            String other = status.equals(ACTIVE) ? SUSPENDED : ACTIVE;
            String clock = otherClock(status).map(HostAttribute::sysfsName).orElse("");
            events.add(new HostEvent(name, other, new TreeMap<>(Map.of("seen_by", clock))));
            events.add(HostEvent.of(name, status));
        }
        return events;
    }

    /** The time that stands still in that status. */
    private static Optional<HostAttribute> otherClock(String status) {
        return switch (status) {
            case ACTIVE -> Optional.of(HostAttribute.POWER_RUNTIME_SUSPENDED_TIME);
            case SUSPENDED -> Optional.of(HostAttribute.POWER_RUNTIME_ACTIVE_TIME);
            default -> Optional.empty();
        };
    }
}
