/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import io.vfio4j.power.RuntimePm.Request;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The way down and the way up, step by step (spec B3, E). */
final class TransitionRules {
    private final PowerConfig config;
    private final boolean parented;

    TransitionRules(PowerConfig config, boolean parented) {
        this.config = config;
        this.parented = parented;
    }

    /**
     * The platform's choice, else D3hot, else D0 without a PM capability (spec B3); and no deeper
     * than a client's state is kept for the next one.
     */
    PciPowerState suspendTarget(PowerState s) {
        boolean keep = config.stateKept() && s.contract().used() && !s.contract().open();
        if (config.platformD3cold() && s.pci().d3coldAllowed() && !keep) {
            return PciPowerState.D3COLD;
        }
        boolean forgets = keep && !config.pm().noSoftReset();
        return config.pm().present() && !forgets ? PciPowerState.D3HOT : PciPowerState.D0;
    }

    /**
     * D0 if the user had left it, of which the model hears; INTx masked; the model told and config
     * saved; PME armed if the function can signal it from there and something upstream can wake;
     * then the target. A function that did not come back from the last power-up is told nothing.
     */
    Step beginSuspend(PowerState s) {
        PciPower pci = s.pci();
        PciPowerState target = pci.suspended() ? pci.powerState() : suspendTarget(s);
        boolean pme = config.platformWake() && config.pm().pmeFrom().contains(target);
        List<Effect> effects = new ArrayList<>();
        if (pci.userState() != PciPowerState.D0) {
            effects.add(new Effect.SetPowerState(pci.userState(), PciPowerState.D0));
            effects.add(new Effect.Resume(pci.userState()));
        }
        effects.add(new Effect.MaskIntx());
        if (!pci.suspended()) {
            effects.add(new Effect.Suspend(PciPowerState.D0, target));
            if (pme) {
                effects.add(new Effect.ArmPme(true));
            }
            if (target != PciPowerState.D0) {
                effects.add(new Effect.SetPowerState(PciPowerState.D0, target));
            }
        }
        effects.add(new Effect.Then(new PowerEvent.SuspendFinished()));
        PowerState next =
                s.pm(s.pm().status(RuntimeStatus.SUSPENDING).request(Request.NONE))
                        .pci(
                                pci.powerState(target)
                                        .userState(PciPowerState.D0)
                                        .asleepIn(Optional.of(target))
                                        .pmeArmed(pme && !pci.suspended()));
        return Step.done(next, effects);
    }

    /** The parent first; then power; then see {@link PowerEvent.PoweredUp}. */
    Step beginResume(PowerState s) {
        PciPowerState from = s.pci().powerState();
        List<Effect> effects = new ArrayList<>();
        if (parented) {
            effects.add(new Effect.ParentGet());
        }
        if (from != PciPowerState.D0) {
            effects.add(new Effect.SetPowerState(from, PciPowerState.D0));
        }
        effects.add(new Effect.Then(new PowerEvent.PoweredUp()));
        return Step.done(
                s.pm(s.pm().status(RuntimeStatus.RESUMING).request(Request.NONE)), effects);
    }

    Step step(PowerState s, PowerEvent.Progress event) {
        return switch (event) {
            case PowerEvent.IntxMasked(boolean changed) ->
                    // An unmask kick may have come in between; it must not be forgotten (bug I.1).
                    Step.done(s.pci(s.pci().intxMasked(s.pci().intxMasked() || changed)));
            case PowerEvent.PowerStateReached(PciPowerState state) -> reached(s, state);
            case PowerEvent.UserAwake() -> Step.done(s.pci(s.pci().inUserState(PciPowerState.D0)));
            case PowerEvent.SuspendFinished() -> suspendFinished(s);
            case PowerEvent.SuspendAborted aborted -> suspendAborted(s, aborted);
            case PowerEvent.PoweredUp() -> poweredUp(afterPowerLoss(s));
            case PowerEvent.Restored() -> restored(s);
            case PowerEvent.ResumeFinished() -> resumeFinished(s);
            case PowerEvent.Failed(Effect effect, Refusal why) ->
                    switch (s.status()) {
                        case SUSPENDING -> suspendFailed(s, effect, why);
                        case RESUMING -> resumeFailed(s, effect, why);
                        case ACTIVE, SUSPENDED -> moveFailed(s, effect, why);
                    };
        };
    }

    /** The user's state changes before the model is put to sleep, and after it has woken. */
    private static Step reached(PowerState s, PciPowerState state) {
        return Step.done(s.status() == RuntimeStatus.ACTIVE ? s : s.pci(s.pci().powerState(state)));
    }

    private Step suspendFinished(PowerState s) {
        List<Effect> effects = new ArrayList<>();
        if (parented) {
            effects.add(new Effect.ParentChildSuspended());
        }
        if (s.pm().deferredResume()) {
            effects.add(new Effect.Then(new PowerEvent.Resume()));
        }
        return Step.done(
                s.pm(s.pm().status(RuntimeStatus.SUSPENDED).deferredResume(false)), effects);
    }

    /**
     * vfio's own callback never fails; a device layer's may, and then everything done so far is
     * undone, so that nothing is left masked or asleep. Still suspending until that is done: who
     * waits for the device must not reach a model that sleeps.
     *
     * <p>Only "not now" does not stick (spec E); a model that does not wake again always does. But
     * bringing the function back from where the user put it is not the suspend yet, and the kernel
     * ignores that failure: the function stays there, and the next suspend, open or reset tries
     * again.
     */
    private static Step suspendFailed(PowerState s, Effect effect, Refusal why) {
        boolean notNow = why == Refusal.EAGAIN || why == Refusal.EBUSY;
        PciPowerState now = stillIn(effect);
        boolean stillWhereTheUserPutIt = now != PciPowerState.D0;
        boolean sticks = !stillWhereTheUserPutIt && (!notNow || effect instanceof Effect.Resume);
        boolean told = effect instanceof Effect.SetPowerState && !stillWhereTheUserPutIt;
        List<Effect> effects = new ArrayList<>();
        if (told) {
            effects.add(new Effect.Resume(PciPowerState.D0));
            if (s.pci().pmeArmed()) {
                effects.add(new Effect.ArmPme(false));
            }
        }
        effects.add(new Effect.Then(new PowerEvent.SuspendAborted(why, sticks)));
        PowerState next = s.pci(s.pci().powerState(now).userState(now).pmeArmed(false));
        return new Step(next, effects, new Outcome.Refused(why));
    }

    /** Where a function is whose suspend failed: the way back to D0 comes first. */
    private static PciPowerState stillIn(Effect failed) {
        return switch (failed) {
            case Effect.SetPowerState(PciPowerState from, PciPowerState to)
                    when to == PciPowerState.D0 ->
                    from;
            case Effect.Resume(PciPowerState from) -> from;
            default -> PciPowerState.D0;
        };
    }

    /**
     * The model is awake again: mappings and INTx are given back, an unmask that came late as well,
     * and only then is the device ACTIVE.
     */
    private static Step suspendAborted(PowerState s, PowerEvent.SuspendAborted aborted) {
        PciPower awake = s.pci().inUserState(s.pci().userState()).intxMasked(false);
        if (!awake.equals(s.pci())) {
            List<Effect> effects = new ArrayList<>();
            if (s.pci().intxMasked()) {
                effects.add(new Effect.UnmaskIntx());
            }
            effects.add(new Effect.Then(aborted));
            return Step.done(s.pci(awake), effects);
        }
        Optional<Refusal> error = aborted.sticks() ? Optional.of(aborted.why()) : Optional.empty();
        return Step.refused(
                s.pm(s.pm().status(RuntimeStatus.ACTIVE).deferredResume(false).error(error)),
                aborted.why());
    }

    /** Of what D3cold takes, PME_En and PME_Status stay if auxiliary power keeps them (spec E). */
    private PowerState afterPowerLoss(PowerState s) {
        boolean lost = s.pci().asleepIn().equals(Optional.of(PciPowerState.D3COLD));
        return lost && !config.pm().pmeSurvivesReset() ? s.pci(s.pci().pme(Pme.OFF)) : s;
    }

    /** Powered and accessible: config restored, the model told, PME disarmed. Else only go on. */
    private static Step poweredUp(PowerState s) {
        List<Effect> effects = new ArrayList<>();
        Optional<PciPowerState> from = s.pci().asleepIn();
        if (from.isPresent() && s.pci().powerState() == PciPowerState.D0) {
            effects.add(new Effect.Resume(from.get()));
            if (s.pci().pmeArmed()) {
                effects.add(new Effect.ArmPme(false));
            }
        }
        effects.add(new Effect.Then(new PowerEvent.Restored()));
        return Step.done(s, effects);
    }

    /**
     * vfio's runtime_resume (spec B3): with a wakeup, low power is over and one reference is taken
     * back; then mappings work, then the signal, then INTx; the access returns after all of it. It
     * runs for an inaccessible function as well (spec E). Without wakeup, engaged stays.
     */
    private static Step restored(PowerState s) {
        boolean accessible = s.pci().powerState() == PciPowerState.D0;
        boolean unmask = s.pci().intxMasked();
        PciPower pci = accessible ? s.pci().asleepIn(Optional.empty()) : s.pci();
        PowerState next = s.pci(pci.pmeArmed(false).intxMasked(false));
        List<Effect> effects = new ArrayList<>();
        if (s.contract().wakeup().isPresent()) {
            next = next.contract(s.contract().disengage()).addUsage(1);
            effects.add(new Effect.Signal(s.contract().wakeup().get()));
        }
        if (unmask) {
            effects.add(new Effect.UnmaskIntx());
        }
        effects.add(new Effect.Then(new PowerEvent.ResumeFinished()));
        return Step.done(next, effects);
    }

    /**
     * An INTx unmask kicked since the restore comes first: carried out on an ACTIVE device, it
     * would undo a mask that the user has set meanwhile.
     */
    private Step resumeFinished(PowerState s) {
        if (s.pci().intxMasked()) {
            return Step.done(
                    s.pci(s.pci().intxMasked(false)),
                    new Effect.UnmaskIntx(),
                    new Effect.Then(new PowerEvent.ResumeFinished()));
        }
        List<Effect> effects = new ArrayList<>();
        if (parented) {
            effects.add(new Effect.ParentChildActive());
            effects.add(new Effect.ParentPut());
        }
        Step idle = RuntimePmRules.queueIdle(s.pm(s.pm().status(RuntimeStatus.ACTIVE)));
        effects.addAll(idle.effects());
        return Step.done(idle.next(), effects);
    }

    /**
     * Suspended as before, contract untouched; whether the error sticks is the profile's. A parent
     * that does not wake is EBUSY and never sticks (spec E).
     */
    private Step resumeFailed(PowerState s, Effect effect, Refusal why) {
        boolean parentFailed = effect instanceof Effect.ParentGet;
        boolean sticks = config.profile().resumeErrorsStick() && !parentFailed;
        PowerState next =
                s.pm(
                        s.pm().status(RuntimeStatus.SUSPENDED)
                                .error(sticks ? Optional.of(why) : Optional.empty()));
        return parented && !parentFailed
                ? Step.refused(next, why, new Effect.ParentPut())
                : Step.refused(next, why);
    }

    /**
     * A PMCSR write or a reset that the function did not follow: it is where it was. A model that
     * had been told to sleep is told to wake; one that does not wake stays in the state that the
     * user wanted to leave, so that its next write of D0 tries again. One that does not wake for a
     * reset is awake after it.
     */
    private static Step moveFailed(PowerState s, Effect effect, Refusal why) {
        return switch (effect) {
            case Effect.Suspend(PciPowerState from, _) ->
                    Step.refused(s.pci(s.pci().inUserState(from)), why);
            case Effect.SetPowerState(PciPowerState from, PciPowerState to)
                    when from == PciPowerState.D0 ->
                    Step.refused(s.pci(s.pci().inUserState(from)), why, new Effect.Resume(to));
            case Effect.SetPowerState(PciPowerState from, PciPowerState to)
                    when to != PciPowerState.D0 ->
                    Step.refused(s.pci(s.pci().inUserState(from)), why);
            case Effect.ResumeForReset _ ->
                    Step.done(s, new Effect.Reset(), new Effect.Then(new PowerEvent.UserAwake()));
            default -> Step.refused(s, why);
        };
    }
}
