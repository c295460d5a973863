/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.DeviceBusyException;
import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Measures the ways to a device: its mapped registers, its interrupts, its DMA, and requests. Two
 * targets may be the same device, once itself and once passed on by a bridge: each is open only
 * while it is its turn, a round is one turn of each, and ratios are taken within a round.
 */
public final class PathBench {
    /** A device that was just closed may still be open for a moment to a server that has it. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final long BETWEEN_TRIES = 20_000_000;

    /** How long one way is gone in one turn. */
    private static final Duration SLICE = Duration.ofMillis(100);

    /** And how often at least, for ways that take long. */
    private static final int AT_LEAST = 3;

    private static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;

    private final List<Target> targets;
    private final OpenOptions options;
    private final BooleanSupplier stopped;
    private final Map<Target, Set<String>> files = new LinkedHashMap<>();
    private final List<Map<Target, Map<PathRow, Long>>> rounds = new ArrayList<>();

    private PathBench(List<Target> targets, OpenOptions options, BooleanSupplier stopped) {
        this.targets = targets;
        this.options = options;
        this.stopped = stopped;
    }

    /**
     * Measures. A register that is plain storage, as far as one is known for the device, is
     * overwritten.
     *
     * @param targets the devices, the first of which the others are compared with; nobody has one
     *     open
     * @param options how they are opened
     * @param time how long, apart from a first round, which does not count; a round that has begun
     *     is finished
     * @param stopped asked between slices: whether to end early
     * @throws BenchException if it was stopped, or a device does not do what it should
     * @throws io.vfio4j.client.VfioException if a device cannot be opened, or refuses a request
     */
    public static PathReport run(
            List<Target> targets, OpenOptions options, Duration time, BooleanSupplier stopped) {
        PathBench bench = new PathBench(List.copyOf(targets), options, stopped);
        bench.round();
        bench.rounds.clear();
        long end = System.nanoTime() + time.toNanos();
        do {
            bench.round();
        } while (System.nanoTime() - end < 0);
        return new PathReport(targets, bench.mapped(), Machine.describe(), bench.rounds);
    }

    private List<String> mapped() {
        return targets.stream()
                .map(target -> String.join(", ", files.getOrDefault(target, Set.of())))
                .toList();
    }

    private void round() {
        Map<Target, Map<PathRow, Long>> round = new LinkedHashMap<>();
        for (Target target : targets) {
            try (VfioDevice device = open(target);
                    Registers registers = new Registers(device)) {
                enable(device);
                round.put(target, turn(target, device, registers));
            }
        }
        rounds.add(round);
    }

    private VfioDevice open(Target target) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return VfioDevice.open(target, options);
            } catch (DeviceBusyException busy) {
                if (System.nanoTime() - end > 0 || stopped.getAsBoolean()) {
                    throw busy;
                }
                LockSupport.parkNanos(BETWEEN_TRIES);
            }
        }
    }

    private static void enable(VfioDevice device) {
        int command = device.readShort(CONFIG, PciRegs.PCI_COMMAND);
        int enabled = command | PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_MASTER;
        device.writeShort(CONFIG, PciRegs.PCI_COMMAND, (short) enabled);
    }

    private Map<PathRow, Long> turn(Target target, VfioDevice device, Registers registers) {
        Map<PathRow, Long> medians = new EnumMap<>(PathRow.class);
        MappedFiles before = MappedFiles.now();
        for (PathRow row : PathRow.values()) {
            Optional<PathLoad> load = row.on(device, registers);
            if (row == PathRow.MAPPED_READ) {
                // Before there is any memory for DMA.
                files.computeIfAbsent(target, _ -> new TreeSet<>()).addAll(before.since());
            }
            if (load.isPresent()) {
                try (PathLoad ready = load.get()) {
                    medians.put(row, median(ready));
                }
            }
        }
        return medians;
    }

    private long median(PathLoad load) {
        Histogram times = new Histogram();
        // What the last one has left in the caches, and what is done once.
        long _ = load.once();
        long end = System.nanoTime() + SLICE.toNanos();
        for (int done = 0; done < AT_LEAST || System.nanoTime() - end < 0; done++) {
            if (stopped.getAsBoolean()) {
                throw new BenchException("stopped before there was anything to report");
            }
            times.add(load.once());
        }
        return times.percentile(0.5);
    }
}
