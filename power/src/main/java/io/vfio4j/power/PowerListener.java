/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * An observer of a device's power: logs, {@code watch}, a dashboard.
 *
 * <p>Called in the order of the changes, one call at a time, without the device's lock, on
 * whichever thread made the change. Must not block; may read snapshots, must not ask for an access.
 * Accesses that find the device awake change nothing but the usage count and are not reported.
 */
@FunctionalInterface
public interface PowerListener {
    /** The state went from one value to another. */
    void changed(PowerState before, PowerState after);
}
