/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Locale;

/** Runtime PM status of a device (spec E). */
public enum RuntimeStatus {
    /** Working. */
    ACTIVE,
    /** On the way down: a synchronous getter waits, then resumes. */
    SUSPENDING,
    /** Asleep. */
    SUSPENDED,
    /** On the way up: a synchronous getter waits for the result. */
    RESUMING;

    /** Whether a thread is carrying out a transition right now. */
    public boolean isTransient() {
        return this == SUSPENDING || this == RESUMING;
    }

    /** The sysfs word: "active", "suspending", "suspended" or "resuming" (spec B9). */
    public String sysfsName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
