/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.util.Optional;
import java.util.OptionalDouble;

/** What came of measuring one thing at one server. */
public sealed interface BenchResult {

    /**
     * It was measured.
     *
     * @param latency of one request; empty where only the rate makes sense
     * @param rate per second, of {@code unit}
     * @param unit what the rate counts: {@code "ops"} or, for requests of 4 KiB and more, {@code
     *     "B"}
     * @param floorRatio the time a request took, as a multiple of what it took at the floor in the
     *     same round: the median over the rounds; empty for the floor itself
     */
    record Measured(Optional<Latency> latency, double rate, String unit, OptionalDouble floorRatio)
            implements BenchResult {}

    /**
     * How long a request took, microseconds.
     *
     * @param p50 half of all requests took at most this
     * @param p99 99 of 100 requests took at most this
     * @param lowest a tenth of all slices (a few milliseconds each) had at most this median
     * @param highest a tenth of all slices had at least this median
     */
    record Latency(double p50, double p99, double lowest, double highest) {}

    /**
     * The server failed at it.
     *
     * @param reason what it answered, or that it did not
     */
    record Failed(String reason) implements BenchResult {}

    /**
     * The server's device has no such thing.
     *
     * @param reason what is missing
     */
    record NotAvailable(String reason) implements BenchResult {}
}
