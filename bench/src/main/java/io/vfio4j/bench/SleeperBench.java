/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.PciConfig;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Measures what many devices cost their host, awake and asleep: the processor time of the process
 * that serves them, and how often its threads are woken.
 */
public final class SleeperBench {
    private static final short D3HOT = 3;
    private static final Duration SLICE = Duration.ofMillis(100);

    private final long pid;
    private final Duration settle;
    private final Duration time;
    private final BooleanSupplier stopped;
    private final List<VfioDevice> devices = new ArrayList<>();
    private final List<SleeperReport.Row> rows = new ArrayList<>();

    private SleeperBench(long pid, Duration settle, Duration time, BooleanSupplier stopped) {
        this.pid = pid;
        this.settle = settle;
        this.time = time;
        this.stopped = stopped;
    }

    /**
     * Measures: all devices at work, asleep by PMCSR, at work again and asleep by LOW_POWER_ENTRY,
     * and closed.
     *
     * @param pid the process that serves them, of this machine
     * @param sockets the devices
     * @param start sets a device, open and in D0, to work
     * @param settle how long to wait in each state before it is measured
     * @param time how long to measure each state
     * @param stopped asked while time goes by: whether to end early
     * @throws BenchException if the process cannot be looked at, a device has no PM capability, or
     *     this was stopped
     * @throws io.vfio4j.client.VfioException if a device refuses what is asked of it
     */
    public static SleeperReport run(
            long pid,
            List<Path> sockets,
            Consumer<VfioDevice> start,
            Duration settle,
            Duration time,
            BooleanSupplier stopped)
            throws InterruptedException {
        SleeperBench bench = new SleeperBench(pid, settle, time, stopped);
        try {
            for (Path socket : sockets) {
                bench.devices.add(VfioDevice.open("vfio-user:" + socket));
            }
            bench.run(start);
        } finally {
            bench.devices.forEach(VfioDevice::close);
        }
        return new SleeperReport(sockets.size(), Machine.describe(), bench.rows);
    }

    private void run(Consumer<VfioDevice> start) throws InterruptedException {
        devices.forEach(start);
        measure("awake, at work");
        devices.forEach(device -> powerState(device, D3HOT));
        measure("asleep, D3hot by PMCSR");
        devices.forEach(device -> powerState(device, (short) 0));
        devices.forEach(VfioDevice::enterLowPower);
        measure("asleep, LOW_POWER_ENTRY");
        devices.forEach(VfioDevice::exitLowPower);
        measure("awake again");
        devices.forEach(VfioDevice::close);
        measure("asleep, closed");
    }

    private static void powerState(VfioDevice device, short state) {
        int offset =
                PciConfig.of(device)
                        .powerManagement()
                        .orElseThrow(() ->
                                new BenchException("%s has no power management".formatted(device)))
                        .offset();
        int register = offset + PciRegs.PCI_PM_CTRL;
        device.writeShort(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, register, state);
    }

    private void measure(String state) throws InterruptedException {
        pass(settle);
        ProcessUsage before = ProcessUsage.of(pid);
        long start = System.nanoTime();
        pass(time);
        ProcessUsage after = ProcessUsage.of(pid);
        double seconds = (System.nanoTime() - start) / 1e9;
        rows.add(SleeperReport.Row.of(state, seconds, after.since(before)));
    }

    private void pass(Duration duration) throws InterruptedException {
        long end = System.nanoTime() + duration.toNanos();
        for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
            if (stopped.getAsBoolean()) {
                throw new BenchException("stopped before there was anything to report");
            }
            Thread.sleep(Duration.ofNanos(Math.min(left, SLICE.toNanos())));
        }
    }
}
