/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Runs the microbenchmarks with the allocation profiler, and fails if one of them allocates: the
 * hot path allocates nothing.
 */
public final class HotPath {
    /** The profiler divides what its own bookkeeping allocates by the number of operations. */
    private static final double NOTHING = 0.5;

    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private HotPath() {}

    /**
     * Runs them.
     *
     * @param arguments JMH's own, such as a pattern of names; they go before the defaults here
     * @throws RunnerException if a benchmark fails
     * @throws CommandLineOptionException if JMH does not know an argument
     */
    public static void main(String[] arguments) throws RunnerException, CommandLineOptionException {
        OptionsBuilder defaults = new OptionsBuilder();
        CommandLineOptions given = new CommandLineOptions(arguments);
        defaults.parent(given)
                .addProfiler(GCProfiler.class)
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .forks(given.getForkCount().orElse(1))
                .warmupIterations(given.getWarmupIterations().orElse(3))
                .warmupTime(given.getWarmupTime().orElse(TimeValue.seconds(1)))
                .measurementIterations(given.getMeasurementIterations().orElse(5))
                .measurementTime(given.getMeasurementTime().orElse(TimeValue.seconds(1)));
        Collection<RunResult> results = new Runner(defaults.build()).run();
        List<String> allocating =
                results.stream().filter(HotPath::allocates).map(HotPath::name).toList();
        if (results.isEmpty() || !allocating.isEmpty()) {
            System.err.println("these allocate: " + allocating);
            System.exit(1);
        }
    }

    private static boolean allocates(RunResult result) {
        Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
        return allocated == null || !(allocated.getScore() < NOTHING);
    }

    private static String name(RunResult result) {
        BenchmarkParams parameters = result.getParams();
        return parameters.getBenchmark()
                + parameters.getParamsKeys().stream()
                        .map(key -> " " + parameters.getParam(key))
                        .collect(Collectors.joining());
    }
}
