/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import io.vfio4j.power.RuntimePm.Request;

import java.util.Optional;

/** The Linux runtime PM core (spec E), for one device. */
final class RuntimePmRules {
    private final TransitionRules transitions;
    private final boolean parented;

    RuntimePmRules(TransitionRules transitions, boolean parented) {
        this.transitions = transitions;
        this.parented = parented;
    }

    Step step(PowerState s, PowerEvent.ForRuntimePm event) {
        return switch (event) {
            case PowerEvent.Get() -> Step.done(s.addUsage(1));
            case PowerEvent.Acquire() -> acquire(s);
            case PowerEvent.Resume() -> resume(s);
            case PowerEvent.RequestResume() -> requestResume(s);
            case PowerEvent.Put() -> put(s);
            case PowerEvent.PutNoidle() ->
                    s.usage() == 0 ? underflow(s) : Step.done(s.addUsage(-1));
            case PowerEvent.PutSync() -> putSync(s);
            case PowerEvent.Idle() -> idle(s);
            case PowerEvent.Work() -> work(s);
            case PowerEvent.ControlOn() ->
                    s.pm().controlOn()
                            ? Step.done(s)
                            : Step.done(s.pm(s.pm().controlOn(true).usage(s.usage() + 1)));
            case PowerEvent.ControlAuto() ->
                    s.pm().controlOn() ? put(s.pm(s.pm().controlOn(false))) : Step.done(s);
            case PowerEvent.Disable() -> disable(s);
            case PowerEvent.Enable() -> enable(s);
            case PowerEvent.ForceStatus(RuntimeStatus status) -> forceStatus(s, status);
            case PowerEvent.ZeroLatency(boolean set) -> {
                PowerState next = s.pm(s.pm().zeroLatency(set));
                yield set ? Step.done(next) : queueIdle(next);
            }
            case PowerEvent.ChildActive() ->
                    Step.done(s.pm(s.pm().activeChildren(s.pm().activeChildren() + 1)));
            case PowerEvent.ChildSuspended() ->
                    queueIdle(
                            s.pm(s.pm().activeChildren(Math.max(0, s.pm().activeChildren() - 1))));
        };
    }

    /** Why a suspend is refused now, in the PM core's order (spec E). */
    static Optional<Refusal> suspendRefusal(RuntimePm pm) {
        if (pm.error().isPresent()) {
            return Optional.of(Refusal.EINVAL);
        }
        if (pm.disableDepth() > 0) {
            return Optional.of(Refusal.EACCES);
        }
        if (pm.usage() > 0) {
            return Optional.of(Refusal.EAGAIN);
        }
        if (pm.activeChildren() > 0) {
            return Optional.of(Refusal.EBUSY);
        }
        if (pm.request() == Request.RESUME || pm.deferredResume()) {
            return Optional.of(Refusal.EAGAIN);
        }
        if (pm.zeroLatency()) {
            return Optional.of(Refusal.EPERM);
        }
        return pm.status() == RuntimeStatus.ACTIVE ? Optional.empty() : Optional.of(Refusal.EAGAIN);
    }

    /** Why a resume is refused: a sticky error, or disabled while not awake (spec E). */
    private static Optional<Refusal> resumeRefusal(RuntimePm pm) {
        if (pm.error().isPresent()) {
            return Optional.of(Refusal.EINVAL);
        }
        if (pm.disableDepth() > 0 && pm.status() != RuntimeStatus.ACTIVE) {
            return Optional.of(Refusal.EACCES);
        }
        return Optional.empty();
    }

    /** resume_and_get: the count goes up first, and down again if the resume is refused. */
    Step acquire(PowerState s) {
        Optional<Refusal> refusal = resumeRefusal(s.pm());
        return refusal.isPresent() ? Step.refused(s, refusal.get()) : resume(s.addUsage(1));
    }

    /** A resume ignores usage (spec E). */
    private Step resume(PowerState s) {
        Optional<Refusal> refusal = resumeRefusal(s.pm());
        if (refusal.isPresent()) {
            return Step.refused(s, refusal.get());
        }
        return switch (s.status()) {
            case ACTIVE -> Step.done(s);
            case SUSPENDING, RESUMING -> Step.waiting(s);
            case SUSPENDED -> transitions.beginResume(s);
        };
    }

    private Step requestResume(PowerState s) {
        Optional<Refusal> refusal = resumeRefusal(s.pm());
        if (refusal.isPresent()) {
            return Step.refused(s, refusal.get());
        }
        return switch (s.status()) {
            case ACTIVE, RESUMING -> Step.done(s);
            case SUSPENDING -> Step.done(s.pm(s.pm().deferredResume(true)));
            case SUSPENDED ->
                    s.pm().request() == Request.RESUME
                            ? Step.done(s)
                            : Step.done(
                                    s.pm(s.pm().request(Request.RESUME)), new Effect.Schedule());
        };
    }

    Step put(PowerState s) {
        if (s.usage() == 0) {
            return underflow(s);
        }
        PowerState next = s.addUsage(-1);
        return next.usage() == 0 ? queueIdle(next) : Step.done(next);
    }

    private Step putSync(PowerState s) {
        if (s.usage() == 0) {
            return underflow(s);
        }
        PowerState next = s.addUsage(-1);
        return next.usage() == 0 && suspendRefusal(next.pm()).isEmpty()
                ? transitions.beginSuspend(next)
                : Step.done(next);
    }

    /** Warn, restore to 0, EINVAL (spec E). */
    private static Step underflow(PowerState s) {
        return Step.refused(s, Refusal.EINVAL, new Effect.Warn("usage count underflow"));
    }

    private static Step idle(PowerState s) {
        Optional<Refusal> refusal = suspendRefusal(s.pm());
        return refusal.isPresent() ? Step.refused(s, refusal.get()) : queueIdle(s);
    }

    /** Queues an idle check if a suspend would not be refused right now; always done. */
    static Step queueIdle(PowerState s) {
        if (s.pm().request() == Request.IDLE || suspendRefusal(s.pm()).isPresent()) {
            return Step.done(s);
        }
        return Step.done(s.pm(s.pm().request(Request.IDLE)), new Effect.Schedule());
    }

    private Step work(PowerState s) {
        PowerState next = s.pm(s.pm().request(Request.NONE));
        return switch (s.pm().request()) {
            case NONE -> Step.done(next);
            case IDLE -> {
                Optional<Refusal> refusal = suspendRefusal(next.pm());
                yield refusal.isPresent()
                        ? Step.refused(next, refusal.get())
                        : transitions.beginSuspend(next);
            }
            case RESUME -> {
                Optional<Refusal> refusal = resumeRefusal(next.pm());
                if (refusal.isPresent()) {
                    yield Step.refused(next, refusal.get());
                }
                yield next.status() == RuntimeStatus.SUSPENDED
                        ? transitions.beginResume(next)
                        : requestResume(next);
            }
        };
    }

    /** Waits for a transition to end, then cancels what is queued (spec E). */
    private static Step disable(PowerState s) {
        if (s.status().isTransient()) {
            return Step.waiting(s);
        }
        return Step.done(
                s.pm(s.pm().disableDepth(s.pm().disableDepth() + 1).request(Request.NONE)));
    }

    private static Step enable(PowerState s) {
        if (s.pm().disableDepth() == 0) {
            return Step.refused(
                    s, Refusal.EINVAL, new Effect.Warn("runtime PM enabled more than disabled"));
        }
        return Step.done(s.pm(s.pm().disableDepth(s.pm().disableDepth() - 1)));
    }

    /** Only while disabled or in error; clears the error (spec E, "until status is force-set"). */
    private Step forceStatus(PowerState s, RuntimeStatus status) {
        if (status.isTransient()) {
            return Step.refused(s, Refusal.EINVAL);
        }
        if (s.pm().error().isEmpty() && s.pm().disableDepth() == 0) {
            return Step.refused(s, Refusal.EAGAIN);
        }
        if (s.status().isTransient()) {
            return Step.waiting(s);
        }
        PowerState next = s.pm(s.pm().error(Optional.empty()).status(status));
        if (!parented || status == s.status()) {
            return Step.done(next);
        }
        return Step.done(
                next,
                status == RuntimeStatus.ACTIVE
                        ? new Effect.ParentChildActive()
                        : new Effect.ParentChildSuspended());
    }
}
