/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * What has happened since the bridge was started. Each entry has ended in one of the three wakes,
 * in the close of a device that is not kept, or not at all yet.
 *
 * @param entries times that the device was let sleep
 * @param guestWakes wakes because the guest wanted D0
 * @param ownWakes wakes because something had to reach the device for a client, or the operator
 * @param foreignWakes wakes by anybody else: the host, a sibling's reset, PME
 * @param failures wakes that failed or took too long, and entries that were refused, by the device
 *     or because of a client's mappings
 */
public record BridgeCounts(
        long entries, long guestWakes, long ownWakes, long foreignWakes, long failures) {
    static final BridgeCounts NONE = new BridgeCounts(0, 0, 0, 0, 0);

    BridgeCounts entry() {
        return new BridgeCounts(entries + 1, guestWakes, ownWakes, foreignWakes, failures);
    }

    BridgeCounts wake(WakeCause cause) {
        return cause == WakeCause.GUEST
                ? new BridgeCounts(entries, guestWakes + 1, ownWakes, foreignWakes, failures)
                : new BridgeCounts(entries, guestWakes, ownWakes + 1, foreignWakes, failures);
    }

    BridgeCounts foreignWake() {
        return new BridgeCounts(entries, guestWakes, ownWakes, foreignWakes + 1, failures);
    }

    BridgeCounts failure() {
        return new BridgeCounts(entries, guestWakes, ownWakes, foreignWakes, failures + 1);
    }
}
