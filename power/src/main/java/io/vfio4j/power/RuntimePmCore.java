/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/**
 * The runtime PM core's calls on one device, as Linux names them (spec E), for parents, buses and
 * drivers. Users and hosts want {@link Access} and {@link HostPower}. There is no autosuspend
 * delay: vfio uses none (spec B3, B9). Thread-safe.
 */
public final class RuntimePmCore {
    private final PowerMachine machine;

    RuntimePmCore(PowerMachine machine) {
        this.machine = machine;
    }

    /** get_noresume: one more reference, whatever the status. */
    public void getNoresume() {
        machine.send(new PowerEvent.Get());
    }

    /**
     * resume_and_get: one more reference on the awake device.
     *
     * @throws PowerException the raw errno; no reference is held then
     */
    public void resumeAndGet() {
        orThrow(machine.acquire(), "resume");
    }

    /**
     * put: one reference less; at 0 an idle check is queued.
     *
     * @throws PowerException EINVAL on underflow
     */
    public void put() {
        if (!machine.tryPut()) {
            orThrow(machine.send(new PowerEvent.Put()), "put");
        }
    }

    /**
     * put_noidle: one reference less and no check.
     *
     * @throws PowerException EINVAL on underflow
     */
    public void putNoidle() {
        orThrow(machine.send(new PowerEvent.PutNoidle()), "put_noidle");
    }

    /**
     * put_sync: one reference less; at 0 the device is suspended before this returns.
     *
     * @throws PowerException EINVAL on underflow; the errno of a suspend that failed
     */
    public void putSync() {
        orThrow(machine.send(new PowerEvent.PutSync()), "put_sync");
    }

    /**
     * idle: queues an idle check.
     *
     * @throws PowerException why a suspend is refused: EINVAL sticky error, EACCES disabled, EAGAIN
     *     in use, not active or resume pending, EBUSY active children, EPERM latency constraint
     */
    public void idle() {
        orThrow(machine.send(new PowerEvent.Idle()), "idle");
    }

    /**
     * resume: wakes the device without a reference.
     *
     * @throws PowerException the raw errno: EINVAL sticky error, EACCES disabled, EBUSY parent
     */
    public void resume() {
        orThrow(machine.resume(), "resume");
    }

    /**
     * request_resume: wakes the device through the workqueue, or right after a suspend under way.
     *
     * @throws PowerException EINVAL sticky error, EACCES disabled
     */
    public void requestResume() {
        orThrow(machine.send(new PowerEvent.RequestResume()), "request_resume");
    }

    /** disable: waits for a transition, carries out a requested resume, cancels an idle check. */
    public void disable() {
        if (machine.state().pm().request() == RuntimePm.Request.RESUME) {
            machine.resume();
        }
        while (machine.send(new PowerEvent.Disable()) instanceof Outcome.Wait) {
            machine.awaitSettled();
        }
    }

    /**
     * enable: undoes one disable.
     *
     * @throws PowerException EINVAL if it was not disabled
     */
    public void enable() {
        orThrow(machine.send(new PowerEvent.Enable()), "enable");
    }

    /**
     * set_active or set_suspended: sets the status by force and clears the sticky error. The device
     * itself is not touched.
     *
     * @param status ACTIVE or SUSPENDED
     * @throws PowerException EAGAIN if runtime PM is enabled and there is no error; EINVAL for a
     *     transient status
     */
    public void forceStatus(RuntimeStatus status) {
        Outcome outcome = machine.send(new PowerEvent.ForceStatus(status));
        while (outcome instanceof Outcome.Wait) {
            machine.awaitSettled();
            outcome = machine.send(new PowerEvent.ForceStatus(status));
        }
        orThrow(outcome, "set_status");
    }

    /** A resume-latency constraint of 0 forbids suspending (EPERM) until it is lifted. */
    public void setZeroLatency(boolean set) {
        machine.send(new PowerEvent.ZeroLatency(set));
    }

    private static void orThrow(Outcome outcome, String what) {
        if (outcome instanceof Outcome.Refused(Refusal why)) {
            throw new PowerException(why, what);
        }
    }

    private static void orThrow(Optional<Refusal> refusal, String what) {
        if (refusal.isPresent()) {
            throw new PowerException(refusal.get(), what);
        }
    }
}
