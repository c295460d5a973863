/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What to measure, and for how long.
 *
 * @param sockets of the vfio-user servers, at least one, no two alike; several are measured in
 *     turns, slice by slice, so that the machine's moods fall on all of them
 * @param rows which of {@link #rowNames()} to measure; empty for all
 * @param warmUp how long the same load runs before anything counts: time for just-in-time compilers
 * @param time how long is measured, all servers and the floor together
 * @param timeout how long one answer may take before its row fails
 * @param cpu where the driver's thread is bound to; empty leaves that to the scheduler
 * @param floorCpu where the floor's peer is bound to: should be where the servers are bound to
 */
public record BenchOptions(
        List<Path> sockets,
        Set<String> rows,
        Duration warmUp,
        Duration time,
        Duration timeout,
        OptionalInt cpu,
        OptionalInt floorCpu) {

    /** Checks that there is something to do; IllegalArgumentException, in a sentence, if not. */
    public BenchOptions {
        sockets = List.copyOf(sockets);
        rows = Set.copyOf(rows);
        if (sockets.isEmpty()) {
            throw new IllegalArgumentException("name at least one server's socket");
        }
        if (sockets.stream().distinct().count() < sockets.size()) {
            throw new IllegalArgumentException("a server is named twice; name each once");
        }
        if (!time.isPositive() || !timeout.isPositive() || warmUp.isNegative()) {
            throw new IllegalArgumentException("time and timeout must be positive");
        }
        for (String row : rows) {
            if (!rowNames().contains(row)) {
                throw new IllegalArgumentException(
                        "there is no row '%s'; there are: %s"
                                .formatted(row, String.join("; ", rowNames())));
            }
        }
    }

    /**
     * Everything, ten seconds after three of warm-up, answers within five, threads where the
     * scheduler puts them.
     *
     * @param sockets of the servers
     * @return the options
     */
    public static BenchOptions of(List<Path> sockets) {
        return new BenchOptions(
                sockets,
                Set.of(),
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                OptionalInt.empty(),
                OptionalInt.empty());
    }

    /**
     * What can be measured.
     *
     * @return the names of a report's rows, in its order
     */
    public static List<String> rowNames() {
        return Arrays.stream(Measure.values()).map(Measure::title).toList();
    }

    /**
     * Measures some rows only.
     *
     * @param names some of {@link #rowNames()}; none for all
     * @return the options with these rows
     */
    public BenchOptions withRows(Set<String> names) {
        return new BenchOptions(sockets, names, warmUp, time, timeout, cpu, floorCpu);
    }

    /**
     * Measures for another time. The warm-up stays.
     *
     * @param measured how long, positive
     * @return the options with that time
     */
    public BenchOptions withTime(Duration measured) {
        return new BenchOptions(sockets, rows, warmUp, measured, timeout, cpu, floorCpu);
    }

    /**
     * Warms up for another time.
     *
     * @param unmeasured how long, 0 or more
     * @return the options with that warm-up
     */
    public BenchOptions withWarmUp(Duration unmeasured) {
        return new BenchOptions(sockets, rows, unmeasured, time, timeout, cpu, floorCpu);
    }

    /**
     * Waits another time for an answer.
     *
     * @param longest how long, positive
     * @return the options with that timeout
     */
    public BenchOptions withTimeout(Duration longest) {
        return new BenchOptions(sockets, rows, warmUp, time, longest, cpu, floorCpu);
    }

    /**
     * Binds the driver and the floor's peer to processors. The servers are to be bound by whoever
     * starts them, to the same processor as the floor's peer.
     *
     * @param driver the driver's processor
     * @param floor the floor's peer's
     * @return the options with these processors
     */
    public BenchOptions withCpus(int driver, int floor) {
        return new BenchOptions(
                sockets,
                rows,
                warmUp,
                time,
                timeout,
                OptionalInt.of(driver),
                OptionalInt.of(floor));
    }
}
