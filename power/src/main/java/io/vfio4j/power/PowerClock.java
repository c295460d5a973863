/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;

/** The only clock of this module. Thread-safe. */
public interface PowerClock {
    /** Nanoseconds from an arbitrary origin, never going back. */
    long nanoTime();

    /** Returns after the duration has passed; a zero or negative one returns at once. */
    void sleep(Duration duration);
}
