/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * What the host does to a device, as sysfs and the PCI core do it; each method wakes or does not
 * wake as table C of the specification says. Thread-safe. Methods that wake the device block.
 */
public final class HostPower {
    private final PowerMachine machine;

    HostPower(PowerMachine machine) {
        this.machine = machine;
    }

    /** power/control := on. Wakes the device and keeps it awake; idempotent (spec E, forbid). */
    public void controlOn() {
        machine.send(new PowerEvent.ControlOn());
        machine.resume();
    }

    /** power/control := auto. The device may idle again; idempotent (spec E, allow). */
    public void controlAuto() {
        machine.send(new PowerEvent.ControlAuto());
    }

    /** Whether power/control reads "on". */
    public boolean isControlOn() {
        return machine.state().pm().controlOn();
    }

    /** d3cold_allowed := value. Wakes the device, whatever the value (spec C). */
    public void writeD3coldAllowed(boolean allowed) {
        machine.send(new PowerEvent.D3coldAllowed(allowed));
        machine.resume();
    }

    /** Whether d3cold_allowed reads 1. */
    public boolean isD3coldAllowed() {
        return machine.state().pci().d3coldAllowed();
    }

    /**
     * reset := 1. Wakes the device, resets it, leaves low power as it is (spec C).
     *
     * @throws PowerException the raw errno of a resume or reset that failed
     */
    public void reset() {
        acquire("reset");
        try {
            Access.reset(machine, "reset");
        } finally {
            machine.put();
        }
    }

    /**
     * For one read or write of the config space from the host, as lspci does it: the parent is
     * woken; the device is woken only if it is in D3cold, for in D3hot it answers asleep (spec C).
     * If it can't be woken, its config reads all ones.
     */
    public HostAccess configAccess() {
        Optional<PowerMachine> parent = machine.parent();
        boolean parentHeld = parent.isPresent() && parent.get().acquire().isEmpty();
        machine.send(new PowerEvent.Get());
        machine.awaitSettled();
        if (machine.state().pci().powerState() == PciPowerState.D3COLD) {
            machine.resume();
        }
        return () -> {
            machine.put();
            if (parentHeld) {
                parent.get().put();
            }
        };
    }

    /**
     * sriov_numvfs := count. Wakes the device, brings it to D0, and holds it awake while virtual
     * functions exist (spec B8).
     *
     * @param count more than 0
     * @throws PowerException the raw errno of a failed resume; EBUSY if another number is enabled;
     *     EINVAL if the count is not positive
     */
    public void enableVfs(int count) {
        if (count <= 0) {
            throw new PowerException(Refusal.EINVAL, "sriov_numvfs: " + count);
        }
        acquire("sriov_numvfs");
        try {
            machine.sendInTurn(new PowerEvent.PmcsrWrite(PciPowerState.D0));
            if (machine.send(new PowerEvent.Vfs(count)) instanceof Outcome.Refused(Refusal why)) {
                throw new PowerException(why, "sriov_numvfs: disable the present ones first");
            }
        } finally {
            machine.put();
        }
    }

    /**
     * sriov_numvfs := 0. Wakes the device, then lets it idle again (spec B8, C).
     *
     * @throws PowerException the raw errno of a failed resume
     */
    public void disableVfs() {
        acquire("sriov_numvfs");
        try {
            machine.send(new PowerEvent.Vfs(0));
        } finally {
            machine.put();
        }
    }

    /**
     * The driver is unbound: the device wakes, stays awake, and its user is asked to close it
     * ({@link PowerActions#requestRelease}); from now on an open is ENODEV (spec C). Returns
     * without waiting for the user.
     */
    public void unbind() {
        Optional<Refusal> refusal = machine.acquire();
        machine.sendInTurn(new PowerEvent.Unbind());
        if (refusal.isEmpty()) {
            machine.put();
        }
    }

    /** Asks for a resume through the workqueue and returns at once (spec E, request_resume). */
    public void requestResume() {
        machine.send(new PowerEvent.RequestResume());
    }

    /** The system went to sleep and came back (spec C). */
    public void systemSleep(SystemSleep kind) {
        switch (kind) {
            case S2IDLE -> {
                // Direct-complete: a suspended device is left alone.
            }
            case S3 -> requestResume();
        }
    }

    private void acquire(String what) {
        Optional<Refusal> refusal = machine.acquire();
        if (refusal.isPresent()) {
            throw new PowerException(refusal.get(), what + ": the device could not be resumed");
        }
    }
}
