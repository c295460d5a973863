/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The power of one device: what a device and its server talk to. Thread-safe; methods that may wake
 * the device block until it is awake, all others return at once.
 *
 * <p>A register is reached only within an {@link Access}:
 *
 * <pre>{@code
 * try (var access = power.access()) {
 *     … read, write, access.enterLowPower(wakeup) …
 * }
 * }</pre>
 */
public final class DevicePower {
    private final PowerMachine machine;
    private final Access access;
    private final HostPower host;
    private final RuntimePmCore runtimePm;

    private DevicePower(PowerMachine machine) {
        this.machine = machine;
        this.access = new Access(machine);
        this.host = new HostPower(machine);
        this.runtimePm = new RuntimePmCore(machine);
    }

    /**
     * Binds a device without a parent: awake, then, unless disable_idle_d3, idle and soon suspended
     * while nobody has it open (spec B2).
     */
    public static DevicePower bind(
            PowerConfig config, PowerActions actions, Scheduler scheduler, PowerClock clock) {
        return bind(new PowerMachine(config, actions, scheduler, clock, Optional.empty()));
    }

    /**
     * Binds a device below another, which is awake whenever this one is (spec E).
     *
     * @throws PowerException EBUSY if the parent can't be woken
     */
    public static DevicePower bind(
            PowerConfig config,
            PowerActions actions,
            Scheduler scheduler,
            PowerClock clock,
            DevicePower parent) {
        if (parent.machine.acquire().isPresent()) {
            throw new PowerException(Refusal.EBUSY, "bind: the parent device does not wake up");
        }
        parent.machine.send(new PowerEvent.ChildActive());
        parent.machine.put();
        return bind(
                new PowerMachine(config, actions, scheduler, clock, Optional.of(parent.machine)));
    }

    private static DevicePower bind(PowerMachine machine) {
        if (!machine.config().profile().disableIdleD3()) {
            machine.put();
        }
        return new DevicePower(machine);
    }

    /**
     * A reference on the awake device, for one request (spec B7). Wakes it if need be, which may
     * signal a wakeup before this returns. While the device is awake this costs one uncontended
     * lock and allocates nothing.
     *
     * @return the access; to be closed exactly once, by any thread
     * @throws PowerException EIO if the device can't be resumed, whatever the reason (spec A2 step
     *     2); nothing has changed then
     * @throws IllegalStateException if called by an action or wakeup of a transition of this device
     */
    public Access access() {
        Optional<Refusal> refusal = machine.acquire();
        if (refusal.isPresent()) {
            throw new PowerException(
                    Refusal.EIO, "the device could not be resumed (" + refusal.get() + ")");
        }
        return access;
    }

    /**
     * The first open: takes the base reference and wakes the device (spec B2). Later openers of the
     * same device share it and don't call this. A device that its last user left in D3hot, and that
     * did not wake for the close, is brought to D0 now, if need be by a reset.
     *
     * @param bearsFaults the client bears faults of BAR mappings in D3hot and without COMMAND.MEM,
     *     as those of a real device are (spec B4); if not, they are blank instead. In low power
     *     they fault all the same
     * @throws PowerException the raw errno of a failed resume (spec B3); EBUSY if it is open;
     *     ENODEV if it is being unbound
     */
    public void open(boolean bearsFaults) {
        Optional<Refusal> refusal =
                machine.awaken(new PowerEvent.Open(bearsFaults), new PowerEvent.OpenFailed());
        if (refusal.isPresent()) {
            throw new PowerException(refusal.get(), "open");
        }
        toD0();
    }

    /**
     * What the user left in another state; a function that does not follow is reset, as the kernel
     * resets every function when it is opened and closed. Whatever comes of it, who has the device
     * open can try again.
     */
    private void toD0() {
        if (machine.sendInTurn(new PowerEvent.PmcsrWrite(PciPowerState.D0))
                instanceof Outcome.Refused) {
            machine.sendInTurn(new PowerEvent.Reset());
        }
    }

    /**
     * The last close (spec B3): BAR mappings fault from now on, low power ends without a signal,
     * <em>then</em> the device wakes, goes back to D0, by a reset if it does not follow, is torn
     * down ({@link PowerActions#tearDown}), and its base reference is dropped. A closed or closing
     * device is left alone; until it is closed, an open is EBUSY. All accesses must have been
     * closed.
     */
    public void lastClose() {
        if (machine.sendInTurn(new PowerEvent.LastClose()) instanceof Outcome.Refused) {
            return;
        }
        // A device that can't be woken is torn down all the same.
        machine.resume();
        toD0();
        machine.sendInTurn(new PowerEvent.CloseAwake());
    }

    /**
     * COMMAND.MEM as the user sees it, 0 at bind. Opens or closes the mapping gate (spec B4). May
     * be called by an action.
     */
    public void setMemoryEnabled(boolean enabled) {
        machine.sendInTurn(new PowerEvent.MemoryEnabled(enabled));
    }

    /** Whether BAR mappings work now: the mapping gate (spec B4). Lock-free. */
    public boolean mappingsAccessible() {
        return machine.mappingsAccessible();
    }

    /**
     * Whether a message may read or write a memory BAR or ROM: COMMAND.MEM set and the power state
     * shallower than D3hot; else EIO (spec B5). Not affected by low power. Lock-free.
     */
    public boolean memoryAccessible() {
        return machine.memoryAccessible();
    }

    /**
     * Something happened in the function that it may wake its driver for (spec E). PME_Status is
     * set; if PME_En is, {@link PowerActions#pmeAsserted} follows; if a suspend has armed PME, the
     * device resumes through the workqueue (spec C). Callable from any thread, also from one that a
     * transition of this device waits for; never blocks.
     *
     * @return whether the function can signal PME from the state it is in; if not, nothing happened
     */
    public boolean wakeEvent() {
        return machine.send(new PowerEvent.WakeEvent()) instanceof Outcome.Done;
    }

    /**
     * PMCSR as the user reads it (spec B6, E): PowerState, No_Soft_Reset, PME_En and PME_Status;
     * the rest is 0.
     */
    public int pmcsr() {
        PciPower pci = machine.state().pci();
        return pci.userState().pmcsrBits()
                | (machine.config().pm().noSoftReset() ? PmCapability.NO_SOFT_RESET : 0)
                | (pci.pme().enabled() ? PmCapability.PME_EN : 0)
                | (pci.pme().status() ? PmCapability.PME_STATUS : 0);
    }

    /**
     * An ioeventfd of a memory BAR fires. Never wakes the device and never fails: in D3hot, D3cold
     * or with memory disabled the kick is consumed and dropped (spec B7).
     *
     * @param write performs the write; called within a reference, so that the device can't fall
     *     asleep under it
     */
    public IoEventFdOutcome ioeventfdKick(Runnable write) {
        if (!machine.tryGet()
                && machine.send(new PowerEvent.IoEventFdKick()) instanceof Outcome.Refused) {
            return IoEventFdOutcome.DROPPED;
        }
        try {
            if (!machine.memoryAccessible()) {
                return IoEventFdOutcome.DROPPED;
            }
            write.run();
            return IoEventFdOutcome.WRITTEN;
        } finally {
            machine.put();
        }
    }

    /**
     * An INTx unmask eventfd fires. Never wakes the device; while it is not awake, the unmask is
     * remembered and carried out by {@link PowerActions#unmaskIntx} at the next resume (bug I.1).
     *
     * @param unmask lifts the mask; called within a reference
     */
    public IntxUnmaskOutcome intxUnmaskKick(Runnable unmask) {
        if (!machine.tryGet()
                && machine.send(new PowerEvent.IntxUnmaskKick()) instanceof Outcome.Refused) {
            return IntxUnmaskOutcome.DEFERRED;
        }
        try {
            unmask.run();
            return IntxUnmaskOutcome.APPLIED;
        } finally {
            machine.put();
        }
    }

    /**
     * A hot reset of a device set: every device of it is woken first, of whoever it is, which
     * signals their wakeups; then each is reset, contracts left as they are (spec B7).
     *
     * @throws PowerException the raw errno of the first device that can't be woken, or of the first
     *     reset that fails; the references are given back in any case
     */
    public static void hotReset(List<DevicePower> deviceSet) {
        List<PowerMachine> held = new ArrayList<>(deviceSet.size());
        try {
            for (DevicePower device : deviceSet) {
                Optional<Refusal> refusal = device.machine.acquire();
                if (refusal.isPresent()) {
                    throw new PowerException(
                            refusal.get(), "hot reset: a device of the set could not be resumed");
                }
                held.add(device.machine);
            }
            for (PowerMachine machine : held) {
                Access.reset(machine, "hot reset");
            }
        } finally {
            held.forEach(PowerMachine::put);
        }
    }

    /** What the host does to the device: sysfs, unbind, SR-IOV, system sleep. */
    public HostPower host() {
        return host;
    }

    /** The PM core's own calls, for drivers of emulated buses and for tests of the rules. */
    public RuntimePmCore runtimePm() {
        return runtimePm;
    }

    /** Adds an observer. */
    public void addListener(PowerListener listener) {
        machine.announcer().add(listener);
    }

    /** Removes an observer; a call to it may still be under way. */
    public void removeListener(PowerListener listener) {
        machine.announcer().remove(listener);
    }

    /** The whole state, consistent in itself. */
    public PowerState state() {
        return machine.state();
    }

    /** OFF, N-A, N-S, W-A or W-S (spec B1). */
    public ContractState contractState() {
        return machine.state().contractState();
    }

    /** sysfs power/runtime_status, including "error" and "unsupported" (spec B9). */
    public String runtimeStatus() {
        return machine.state().pm().sysfsStatus();
    }

    /** sysfs power/runtime_usage (spec B9). */
    public int usage() {
        return machine.state().usage();
    }

    /** sysfs power_state (spec B9). */
    public PciPowerState powerState() {
        return machine.state().pci().powerState();
    }

    /** PMCSR PowerState as the user reads it (spec B6). */
    public PciPowerState userState() {
        return machine.state().pci().userState();
    }

    /** sysfs power/runtime_active_time; counted to the nanosecond by the injected clock. */
    public Duration activeTime() {
        return machine.activeTime();
    }

    /** sysfs power/runtime_suspended_time; counted to the nanosecond by the injected clock. */
    public Duration suspendedTime() {
        return machine.suspendedTime();
    }
}
