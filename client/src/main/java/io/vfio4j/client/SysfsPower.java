/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A look at a device's power, which does not wake it.
 *
 * @param status {@code power/runtime_status}
 * @param powerState {@code power_state}; empty on kernels that do not tell
 * @param otherTime how long the device has been in the other status than this one, milliseconds:
 *     what grows by a change that is over at the next look. Empty in a status between two, and if
 *     the status changed while it was looked at.
 */
record SysfsPower(String status, Optional<String> powerState, Optional<String> otherTime) {
    private static final String ACTIVE = "active";
    private static final String SUSPENDED = "suspended";

    static SysfsPower look(SysfsPci pci) {
        String status = read(pci, HostAttribute.POWER_RUNTIME_STATUS).orElse("unsupported");
        Optional<String> otherTime = otherClock(status).flatMap(clock -> read(pci, clock));
        // A D-state changes before the status says so, on the way down and up: it is read after.
        String again = read(pci, HostAttribute.POWER_RUNTIME_STATUS).orElse("unsupported");
        Optional<String> powerState = read(pci, HostAttribute.POWER_STATE);
        return new SysfsPower(
                again, powerState, again.equals(status) ? otherTime : Optional.empty());
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
            String clock = otherClock(status).map(HostAttribute::sysfsName).orElse("");
            events.add(
                    new HostEvent(
                            name,
                            status.equals(ACTIVE) ? SUSPENDED : ACTIVE,
                            new TreeMap<>(java.util.Map.of("seen_by", clock))));
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

    private static Optional<String> read(SysfsPci pci, HostAttribute attribute) {
        try {
            return Optional.of(SysfsFile.read(pci.directory().resolve(attribute.sysfsName())));
        } catch (LinuxException failed) {
            pci.require();
            if (failed.errno().equals(Errno.ENOENT) || failed.errno().equals(Errno.EIO)) {
                return Optional.empty();
            }
            throw new VfioException(
                    failed.errno(),
                    "reading %s of %s: %s".formatted(attribute, pci, failed.getMessage()),
                    failed);
        }
    }
}
