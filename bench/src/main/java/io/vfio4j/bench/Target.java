/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One peer under measurement: a server, or the floor's. Keeps its connection, makes a new one after
 * a row has failed, and keeps what was measured.
 */
final class Target implements AutoCloseable {
    /** How to get at the peer. */
    @FunctionalInterface
    interface Connector {
        /**
         * Connects.
         *
         * @return the connection and what can be measured through it
         * @throws RowFailure if there is no connection to be had
         */
        Loads connect();
    }

    private final String name;
    private final Connector connector;
    private final Map<Measure, Tally> tallies = new EnumMap<>(Measure.class);
    private final Map<Measure, BenchResult> endings = new EnumMap<>(Measure.class);
    private Optional<Loads> loads = Optional.empty();
    private Optional<String> lost = Optional.empty();

    Target(String name, Connector connector) {
        this.name = name;
        this.connector = connector;
    }

    /**
     * Connects for the first time.
     *
     * @throws BenchException if that fails
     */
    void connect() {
        try {
            loads = Optional.of(connector.connect());
        } catch (RowFailure refused) {
            throw new BenchException(name + ": " + refused.reason(), refused);
        }
    }

    /** Whether a measurement has not failed yet. */
    boolean takes(Measure measure) {
        return !endings.containsKey(measure);
    }

    /**
     * Measures for a slice.
     *
     * @param measure that {@link #takes} is true for
     * @param slice used for it
     * @param length nanoseconds
     * @return whether the slice holds a result
     */
    boolean run(Measure measure, Slice slice, long length) {
        if (loads.isEmpty()) {
            reconnect();
        }
        if (loads.isEmpty()) {
            endings.put(measure, new BenchResult.Failed(lost.orElse("")));
            return false;
        }
        Optional<String> missing = loads.get().missing(measure);
        if (missing.isPresent()) {
            endings.put(measure, new BenchResult.NotAvailable(missing.get()));
            return false;
        }
        try {
            Load load = loads.get().load(measure);
            slice.begin(length);
            load.run(slice);
            return true;
        } catch (RowFailure failed) {
            endings.put(measure, new BenchResult.Failed(failed.reason()));
            disconnect();
            return false;
        }
    }

    /** A server that was lost once and cannot be reached again is not tried any more. */
    private void reconnect() {
        if (lost.isPresent()) {
            return;
        }
        try {
            loads = Optional.of(connector.connect());
        } catch (RowFailure refused) {
            lost = Optional.of("the server was lost: " + refused.reason());
        }
    }

    /** Keeps the result of a slice. */
    void keep(Measure measure, Slice slice, OptionalDouble floor) {
        tallies.computeIfAbsent(measure, Tally::new).add(slice, floor);
    }

    /** The row of a measurement; empty if its turn never came. */
    Optional<BenchRow> row(Measure measure) {
        Optional<BenchResult> result =
                Optional.ofNullable(endings.get(measure))
                        .or(() -> Optional.ofNullable(tallies.get(measure)).map(Tally::result));
        return result.map(it -> new BenchRow(measure.title(), name, measure.bytes(), it));
    }

    /** Wakes a run that waits; callable from any thread. */
    void shutdown() {
        loads.ifPresent(Loads::shutdown);
    }

    private void disconnect() {
        loads.ifPresent(Loads::close);
        loads = Optional.empty();
    }

    @Override
    public void close() {
        disconnect();
    }
}
