/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.time.Duration;

/** Told how far a run has come, a few times a second, on a thread of the run. */
@FunctionalInterface
public interface BenchProgress {

    /**
     * One more round is done.
     *
     * @param elapsed since the start, warm-up included
     * @param total what the whole run will take, about
     */
    void reached(Duration elapsed, Duration total);
}
