/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Cpu;
import io.vfio4j.linux.LinuxException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Measures vfio-user servers, and in the same run the floor: a peer process that receives and sends
 * the same number of bytes and does nothing else.
 *
 * <p>A machine's speed changes from one second to the next, by more than what one wants to see. So
 * nothing is measured in one go: a round has a slice of a few milliseconds for each row, in which
 * the floor and then each server in turn carry the same load, and there are as many rounds as time
 * allows. Ratios to the floor are taken within a round.
 *
 * <p>What the servers do during a run is overwriting the first MiB of BAR0: name no device that
 * minds. Registers in BAR2 are written to only if it looks like the bench device's.
 */
public final class BenchRun {
    /** Long enough for some requests of 1 MiB, short enough for the machine not to change. */
    private static final long SLICE_NANOS = 20_000_000;

    private final BenchOptions options;
    private final BenchProgress progress;
    private final List<Measure> measures;
    private final Target floor;
    private final List<Target> servers = new ArrayList<>();
    private final Slice slice = new Slice();
    // Described before the driver's thread is bound: then it would see one processor.
    private final String machine = Machine.describe();
    private volatile boolean cancelled;

    private BenchRun(BenchOptions options, BenchProgress progress) {
        this.options = options;
        this.progress = progress;
        measures =
                options.rows().isEmpty()
                        ? List.of(Measure.values())
                        : options.rows().stream()
                                .flatMap(row -> Measure.titled(row).stream())
                                .sorted()
                                .toList();
        floor =
                new Target(
                        BenchReport.FLOOR,
                        () -> Loads.ofFloor(options.timeout(), options.floorCpu()));
        for (Path socket : options.sockets()) {
            servers.add(
                    new Target(
                            "vfio-user:" + socket,
                            () -> Loads.ofServer(socket, options.timeout())));
        }
    }

    /**
     * Measures. Takes the options' warm-up and time, and longer only if servers do not answer.
     *
     * @param options what, and for how long
     * @param progress told how far it is
     * @return what came of it; a server that fails at something has that row marked
     * @throws BenchException if a server cannot be reached at the start, or the floor's peer not be
     *     started
     * @throws InterruptedException if the calling thread was interrupted; everything is closed
     */
    public static BenchReport run(BenchOptions options, BenchProgress progress)
            throws InterruptedException {
        BenchRun run = new BenchRun(options, progress);
        CompletableFuture<BenchReport> report = new CompletableFuture<>();
        // A thread of its own: binding it to a processor must not outlive the run.
        Thread driver =
                Thread.ofPlatform().daemon().name("bench driver").start(() -> run.drive(report));
        try {
            driver.join();
        } catch (InterruptedException stopped) {
            run.cancelled = true;
            run.targets().forEach(Target::shutdown);
            throw stopped;
        }
        try {
            return report.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException reason ? reason : failed;
        }
    }

    private List<Target> targets() {
        List<Target> all = new ArrayList<>(servers);
        all.add(floor);
        return all;
    }

    private void drive(CompletableFuture<BenchReport> report) {
        try {
            bind();
            servers.forEach(Target::connect);
            floor.connect();
            long begin = System.nanoTime();
            rounds(options.warmUp(), Duration.ZERO, false);
            int rounds = rounds(options.time(), options.warmUp(), true);
            report.complete(
                    new BenchReport(
                            options,
                            rounds,
                            Duration.ofNanos(System.nanoTime() - begin),
                            machine,
                            rows()));
        } catch (RuntimeException | Error failed) {
            report.completeExceptionally(failed);
        } finally {
            targets().forEach(Target::close);
        }
    }

    private void bind() {
        try {
            options.cpu().ifPresent(Cpu::pin);
        } catch (LinuxException | IndexOutOfBoundsException refused) {
            throw new BenchException(
                    "the driver cannot be bound to processor %d: %s"
                            .formatted(options.cpu().orElse(0), refused.getMessage()),
                    refused);
        }
    }

    /** At least one round, unless there is no time at all. Returns how many. */
    private int rounds(Duration time, Duration before, boolean keep) {
        Duration total = options.warmUp().plus(options.time());
        int rounds = 0;
        long spent = 0;
        while (spent < time.toNanos() && !cancelled && somethingIsLeft()) {
            spent += round(rounds, keep);
            rounds++;
            progress.reached(before.plusNanos(spent), total);
        }
        return rounds;
    }

    private boolean somethingIsLeft() {
        return servers.stream().anyMatch(server -> measures.stream().anyMatch(server::takes));
    }

    /**
     * A slice of everything. Returns the nanoseconds that it took, without those of a server that
     * failed, or had to be waited for until it did: that is no time measured.
     */
    private long round(int number, boolean keep) {
        long spent = 0;
        Map<Measure, Double> floors = new EnumMap<>(Measure.class);
        for (Measure measure : measures) {
            long begin = System.nanoTime();
            OptionalDouble reference = floor(measure, floors, keep);
            spent += System.nanoTime() - begin;
            for (int i = 0; i < servers.size(); i++) {
                // Whoever comes right after the floor should not always be the same.
                Target server = servers.get((i + number) % servers.size());
                begin = System.nanoTime();
                if (!server.takes(measure) || !server.run(measure, slice, SLICE_NANOS)) {
                    continue;
                }
                spent += System.nanoTime() - begin;
                if (keep) {
                    server.keep(measure, slice, reference);
                }
            }
        }
        return spent;
    }

    private OptionalDouble floor(Measure measure, Map<Measure, Double> floors, boolean keep) {
        Measure shape = measure.floor();
        Optional<Double> known = Optional.ofNullable(floors.get(shape));
        if (known.isPresent()) {
            return OptionalDouble.of(known.get());
        }
        if (!floor.takes(shape) || !floor.run(shape, slice, SLICE_NANOS)) {
            return OptionalDouble.empty();
        }
        if (keep) {
            floor.keep(shape, slice, OptionalDouble.empty());
        }
        double comparable = Tally.comparable(shape, slice);
        floors.put(shape, comparable);
        return OptionalDouble.of(comparable);
    }

    private List<BenchRow> rows() {
        List<BenchRow> rows = new ArrayList<>();
        for (Measure measure : measures) {
            floor.row(measure).ifPresent(rows::add);
            for (Target server : servers) {
                server.row(measure).ifPresent(rows::add);
            }
        }
        return rows;
    }
}
