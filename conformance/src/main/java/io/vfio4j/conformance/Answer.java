/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import java.time.Duration;
import java.util.List;

/**
 * What a target answered to one case.
 *
 * @param id the case's name, which stays
 * @param title what it asks
 * @param citation where the specification says so
 * @param verdict what came of it
 * @param observations what was seen, in order: short, and without times, addresses or anything else
 *     that depends on the device, so that two targets' can be compared line by line
 * @param time how long it took
 */
public record Answer(
        String id,
        String title,
        String citation,
        Verdict verdict,
        List<String> observations,
        Duration time) {
    /** Copies the list. */
    public Answer {
        observations = List.copyOf(observations);
    }
}
