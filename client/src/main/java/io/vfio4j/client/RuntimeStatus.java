/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/** What {@code power/runtime_status} says (spec B9). */
public enum RuntimeStatus {
    /** Awake. */
    ACTIVE,
    /** Falling asleep. */
    SUSPENDING,
    /** Asleep. */
    SUSPENDED,
    /** Waking. */
    RESUMING,
    /** Stuck after a failure to fall asleep or wake. */
    ERROR,
    /** Runtime power management is not in use. */
    UNSUPPORTED;

    /** The word in sysfs. */
    public String sysfsName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
