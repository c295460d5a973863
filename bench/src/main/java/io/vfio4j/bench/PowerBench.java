/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.RuntimeStatus;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Measures what sleep costs: how long a device takes to fall asleep, and what the access that wakes
 * it waits for. Any device that a client opens and whose host side can be watched.
 *
 * <p>A cycle is an entry, the wait until the device is suspended, a read of its vendor ID, which
 * wakes it, the wait until it is suspended again, and the exit, which wakes it too. Both states are
 * measured, one after the other, where the device reaches both: {@code d3cold_allowed} chooses.
 * Then the device is taken to D3hot and back by its PMCSR, if it has one.
 */
public final class PowerBench {
    /** Most cycles of one run, so that no state outlasts the patience of whoever started it. */
    public static final int MAX_CYCLES = 1_000_000;

    private static final String D3COLD = "D3cold";
    private static final short D0 = 0;
    private static final short D3HOT = 3;

    /**
     * A device that does not sleep in that time does not sleep: resumes alone can take a second.
     */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /**
     * A bridge that was busy lets its device go to D3hot first, and to D3cold a tenth of a second
     * later (spec B, lab).
     */
    private static final Duration DEEPER = Duration.ofSeconds(2);

    private static final long POLL_NANOS = 50_000;

    private final VfioDevice device;
    private final HostSide host;
    private final int cycles;
    private final BooleanSupplier stopped;

    private PowerBench(VfioDevice device, HostSide host, int cycles, BooleanSupplier stopped) {
        this.device = device;
        this.host = host;
        this.cycles = cycles;
        this.stopped = stopped;
    }

    /**
     * Measures, and leaves the device awake and {@code d3cold_allowed} as it was.
     *
     * @param device open, and not in low power
     * @param host the same device's host side
     * @param cycles how many in each state, 1 to {@link #MAX_CYCLES}
     * @param stopped asked between cycles and while something is waited for: whether to end early
     * @throws BenchException if the device does not sleep, or this was stopped
     * @throws io.vfio4j.client.VfioException if it refuses what is asked of it
     */
    public static PowerReport run(
            VfioDevice device, HostSide host, int cycles, BooleanSupplier stopped) {
        if (cycles < 1 || cycles > MAX_CYCLES) {
            throw new BenchException("cycles are 1 to %d, not %d".formatted(MAX_CYCLES, cycles));
        }
        if (host.control() == RuntimeControl.ON) {
            throw new BenchException(
                    "%s may not sleep: its power/control is on; write auto".formatted(device));
        }
        return new PowerBench(device, host, cycles, stopped).run();
    }

    private PowerReport run() {
        boolean allowed = host.d3coldAllowed();
        List<PowerReport.State> states = new ArrayList<>();
        try {
            for (boolean cold : new boolean[] {false, true}) {
                host.setD3coldAllowed(cold);
                String reached = reach(cold);
                if (states.stream().noneMatch(state -> state.name().equals(reached))) {
                    states.add(measure(reached));
                }
            }
            PciConfig.of(device)
                    .powerManagement()
                    .ifPresent(pm -> states.add(measureByPmcsr(pm.offset() + PciRegs.PCI_PM_CTRL)));
        } finally {
            device.exitLowPower();
            host.setD3coldAllowed(allowed);
        }
        return new PowerReport(device.target().toString(), cycles, Machine.describe(), states);
    }

    /** The state in which it ends up, in a cycle that does not count. */
    private String reach(boolean cold) {
        device.enterLowPower();
        awaitSuspended();
        if (cold) {
            boolean _ = await(DEEPER, () -> host.powerState().equals(D3COLD));
        }
        String reached = host.powerState();
        device.exitLowPower();
        return reached;
    }

    private PowerReport.State measure(String state) {
        Histogram entry = new Histogram();
        Histogram asleep = new Histogram();
        Histogram read = new Histogram();
        Histogram again = new Histogram();
        Histogram exit = new Histogram();
        Histogram awake = new Histogram();
        for (int cycle = 0; cycle < cycles; cycle++) {
            awake.add(timed(this::readVendor));
            long start = System.nanoTime();
            device.enterLowPower();
            entry.add(System.nanoTime() - start);
            awaitSuspended();
            asleep.add(System.nanoTime() - start);
            awaitState(state);
            read.add(timed(this::readVendor));
            again.add(timed(this::awaitSuspended));
            awaitState(state);
            exit.add(timed(device::exitLowPower));
        }
        return new PowerReport.State(
                state,
                List.of(
                        PowerReport.Row.of("read, awake", awake),
                        PowerReport.Row.of("entry: the request", entry),
                        PowerReport.Row.of("entry: until suspended", asleep),
                        PowerReport.Row.of("read, asleep: until its data", read),
                        PowerReport.Row.of("after it: until suspended again", again),
                        PowerReport.Row.of("exit, asleep: until awake", exit)));
    }

    /** As a driver does it without any contract: the device sleeps before the write is answered. */
    private PowerReport.State measureByPmcsr(int register) {
        Histogram asleep = new Histogram();
        Histogram awake = new Histogram();
        for (int cycle = 0; cycle < cycles; cycle++) {
            asleep.add(timed(() -> writePmcsr(register, D3HOT)));
            awake.add(timed(() -> writePmcsr(register, D0)));
            if (stopped.getAsBoolean()) {
                throw stopped();
            }
        }
        return new PowerReport.State(
                "D3hot by PMCSR",
                List.of(
                        PowerReport.Row.of("to D3hot, until it reads so", asleep),
                        PowerReport.Row.of("to D0, until it reads so", awake)));
    }

    private void writePmcsr(int register, short state) {
        device.writeShort(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, register, state);
        short read = device.readShort(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, register);
        if ((read & PciRegs.PCI_PM_CTRL_STATE_MASK) != state) {
            throw new BenchException(
                    "%s has PMCSR 0x%04x after a write of %d".formatted(device, read, state));
        }
    }

    private static BenchException stopped() {
        return new BenchException("stopped before there was anything to report");
    }

    private void readVendor() {
        short vendor = device.readShort(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, 0);
        if (vendor == -1) {
            throw new BenchException(
                    "%s answers with all ones: it did not come back".formatted(device));
        }
    }

    private static long timed(Runnable step) {
        long start = System.nanoTime();
        step.run();
        return System.nanoTime() - start;
    }

    private void awaitSuspended() {
        if (!await(PATIENCE, () -> host.runtimeStatus() == RuntimeStatus.SUSPENDED)) {
            throw new BenchException(
                    "%s does not fall asleep in %d s: its power/runtime_status is %s, its power/runtime_usage %d"
                            .formatted(
                                    device,
                                    PATIENCE.toSeconds(),
                                    host.runtimeStatus().sysfsName(),
                                    host.runtimeUsage()));
        }
    }

    private void awaitState(String state) {
        if (!await(PATIENCE, () -> host.powerState().equals(state))) {
            throw new BenchException(
                    "%s slept in %s before and in %s now"
                            .formatted(device, state, host.powerState()));
        }
    }

    /** Asks again and again, and lets others have the processor in between. */
    private boolean await(Duration atMost, BooleanSupplier reached) {
        if (stopped.getAsBoolean()) {
            throw stopped();
        }
        long end = System.nanoTime() + atMost.toNanos();
        while (!reached.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }
}
