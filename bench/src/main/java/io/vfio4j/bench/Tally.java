/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** All slices of one row. */
final class Tally {
    private static final double NANOS_PER_MICRO = 1e3;
    private static final double NANOS_PER_SECOND = 1e9;

    private final Measure measure;
    private final Histogram latencies = new Histogram();
    private final List<Double> medians = new ArrayList<>();
    private final List<Double> ratios = new ArrayList<>();
    private long operations;
    private long nanos;

    Tally(Measure measure) {
        this.measure = measure;
    }

    /** What two slices of the same round are compared by, nanoseconds. */
    static double comparable(Measure measure, Slice slice) {
        return measure.comparesThroughput() ? slice.nanosPerOperation() : slice.median();
    }

    /**
     * Adds a slice.
     *
     * @param slice that has ended
     * @param floor what {@link #comparable} was of the floor's slice in this round
     */
    void add(Slice slice, OptionalDouble floor) {
        slice.addTo(latencies);
        medians.add(slice.median());
        operations += slice.operations();
        nanos += slice.nanos();
        if (floor.isPresent()) {
            ratios.add(comparable(measure, slice) / floor.getAsDouble());
        }
    }

    /** What all slices say together; there was at least one. */
    BenchResult.Measured result() {
        double perSecond = operations * NANOS_PER_SECOND / nanos;
        return new BenchResult.Measured(
                measure.hasLatency() ? Optional.of(latency()) : Optional.empty(),
                measure.bulk() ? perSecond * measure.bytes() : perSecond,
                measure.bulk() ? "B" : "ops",
                ratios.isEmpty()
                        ? OptionalDouble.empty()
                        : OptionalDouble.of(quantile(ratios, 0.5)));
    }

    boolean isEmpty() {
        return medians.isEmpty();
    }

    private BenchResult.Latency latency() {
        return new BenchResult.Latency(
                latencies.percentile(0.5) / NANOS_PER_MICRO,
                latencies.percentile(0.99) / NANOS_PER_MICRO,
                quantile(medians, 0.1) / NANOS_PER_MICRO,
                quantile(medians, 0.9) / NANOS_PER_MICRO);
    }

    private static double quantile(List<Double> values, double share) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return Arrays.stream(sorted)
                .skip((long) (share * (sorted.length - 1)))
                .findFirst()
                .orElseThrow();
    }
}
