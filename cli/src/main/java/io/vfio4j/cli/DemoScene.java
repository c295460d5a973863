/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.BarAsleepException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.MappedBar;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.uapi.HostAttribute;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * What the demo's chapters share: the device as its client has it, and the host's view of it.
 *
 * @param device the client's
 * @param host the host's, on the control socket
 */
record DemoScene(VfioDevice device, HostSide host) {
    /** The edu device's registers that are used here. */
    static final int IDENTIFICATION = 0x00;

    static final int RAISE = 0x60;
    static final int ACKNOWLEDGE = 0x64;
    static final int IDENTIFIES_AS = 0x010000ed;

    /** Longest wait for something that must come: hundred times what it takes. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final long POLL_NANOS = 100_000;

    static DemoScene open(Path socket, HostSide host) {
        return new DemoScene(VfioDevice.open(new Target.VfioUser(socket)), host);
    }

    int register(int offset) {
        return device.readInt(0, offset);
    }

    void register(int offset, int value) {
        device.writeInt(0, offset, value);
    }

    /** Waits until the host sees the device asleep in that state. */
    static void awaitAsleep(HostSide host, String powerState) {
        await(
                "the device asleep in " + powerState,
                () -> status(host).equals("suspended") && host.powerState().equals(powerState));
    }

    /** Waits for what must come. */
    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new CommandException(
                        "waited %s for %s".formatted(Durations.format(PATIENCE), what));
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    static String status(HostSide host) {
        return host.read(HostAttribute.POWER_RUNTIME_STATUS);
    }

    /** Checks that the host sees the device asleep. */
    void expectAsleep(DemoStep step, String powerState) {
        step.expect("power/runtime_status", "suspended", status(host));
        step.expect("power_state", powerState, host.powerState());
    }

    /** Checks that the host sees the device awake, with its client as the only reason for that. */
    void expectAwake(DemoStep step) {
        step.expect("power/runtime_status", "active", status(host));
        step.expect("power_state", "D0", host.powerState());
        step.expect("power/runtime_usage", 1, host.runtimeUsage());
    }

    /** Whether an access through the mapping faults, as it must while low power is engaged. */
    static boolean faults(MappedBar bar) {
        try {
            int _ = bar.getInt(0);
            return false;
        } catch (BarAsleepException asleep) {
            return true;
        }
    }
}
