/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.ArrayList;
import java.util.List;

/** What a user and the host do to a PCI function's power (spec B4 to B7, E). */
final class PciPowerRules {
    private final PowerConfig config;
    private final RuntimePmRules runtimePm;

    PciPowerRules(PowerConfig config, RuntimePmRules runtimePm) {
        this.config = config;
        this.runtimePm = runtimePm;
    }

    Step step(PowerState s, PowerEvent.ForPci event) {
        return switch (event) {
            case PowerEvent.PmcsrWrite(PciPowerState requested) -> pmcsrWrite(s, requested);
            case PowerEvent.PmeWrite(boolean enable, boolean clearStatus) ->
                    pmeWrite(s, enable, clearStatus);
            case PowerEvent.WakeEvent() -> wakeEvent(s);
            case PowerEvent.MemoryEnabled(boolean value) ->
                    Step.done(s.pci(s.pci().memoryEnabled(value)));
            case PowerEvent.Reset() -> reset(s);
            case PowerEvent.D3coldAllowed(boolean value) ->
                    Step.done(s.pci(s.pci().d3coldAllowed(value)));
            case PowerEvent.IntxUnmaskKick() -> intxUnmaskKick(s);
            case PowerEvent.IoEventFdKick() ->
                    ioEventFdWrites(s) ? Step.done(s.addUsage(1)) : Step.refused(s, Refusal.EIO);
        };
    }

    /**
     * A refused transition leaves the state as it was and is no error (spec B6). Memory is off from
     * the moment a descent begins and on again only when D0 is reached. The model hears of the
     * descent before it, and of D0 after it.
     */
    private Step pmcsrWrite(PowerState s, PciPowerState requested) {
        PciPowerState from = s.pci().userState();
        if (!awake(s) || requested == from || !legal(s, from, requested)) {
            return Step.done(s);
        }
        return requested == PciPowerState.D0
                ? Step.done(s, wakeUp(from, new Effect.Resume(from)))
                : Step.done(
                        s.pci(s.pci().inUserState(requested)),
                        new Effect.Suspend(from, requested),
                        new Effect.SetPowerState(from, requested));
    }

    private static List<Effect> wakeUp(PciPowerState from, Effect resume) {
        return List.of(
                new Effect.SetPowerState(from, PciPowerState.D0),
                resume,
                new Effect.Then(new PowerEvent.UserAwake()));
    }

    /** PME_Support says which functions have the bits; without it they read 0 (spec E). */
    private Step pmeWrite(PowerState s, boolean enable, boolean clearStatus) {
        return config.pm().pmeFrom().isEmpty()
                ? Step.done(s)
                : pme(s, s.pci().pme().written(enable, clearStatus));
    }

    /**
     * PME_Status is set from every state that PME_Support names, PME_En or not; who has enabled it
     * is told; and if a suspend has armed PME, the platform hears it and wakes the device (spec C,
     * E).
     */
    private Step wakeEvent(PowerState s) {
        if (!config.pm().pmeFrom().contains(s.pci().powerState())) {
            return Step.refused(s, Refusal.EINVAL);
        }
        Step told = pme(s, s.pci().pme().event());
        if (!s.pci().pmeArmed()) {
            return told;
        }
        Step woken = runtimePm.step(told.next(), new PowerEvent.RequestResume());
        List<Effect> effects = new ArrayList<>(told.effects());
        effects.addAll(woken.effects());
        return Step.done(woken.next(), effects);
    }

    /** PME is a level; the client is told when it rises. */
    private static Step pme(PowerState s, Pme next) {
        PowerState after = s.pci(s.pci().pme(next));
        return next.asserted() && !s.pci().pme().asserted()
                ? Step.done(after, new Effect.SignalPme())
                : Step.done(after);
    }

    /**
     * Any state to D0; otherwise only deeper, only where supported, never with VFs (spec B6, E).
     */
    private boolean legal(PowerState s, PciPowerState from, PciPowerState to) {
        if (to == PciPowerState.D0) {
            return true;
        }
        return config.pm().supports(to) && to.compareTo(from) > 0 && s.contract().vfs() == 0;
    }

    /**
     * Back to D0, then reset; engaged or not stays as it is (spec B7). A model that does not wake
     * is reset all the same: it may be the reset that it needs.
     */
    private Step reset(PowerState s) {
        List<Effect> effects = new ArrayList<>();
        if (awake(s) && s.pci().userState() != PciPowerState.D0) {
            PciPowerState from = s.pci().userState();
            effects.addAll(wakeUp(from, new Effect.ResumeForReset(from)));
        }
        effects.add(new Effect.Reset());
        boolean pmeKept = config.pm().pmeSurvivesReset();
        return Step.done(pmeKept ? s : s.pci(s.pci().pme(Pme.OFF)), effects);
    }

    /**
     * An unmask while the device is not awake waits for the resume, which then unmasks whether or
     * not the suspend had masked: the interrupt lost by bug I.1 cannot be.
     */
    private static Step intxUnmaskKick(PowerState s) {
        if (s.status() == RuntimeStatus.ACTIVE) {
            return Step.done(s.addUsage(1));
        }
        return Step.refused(
                s.contract().open() ? s.pci(s.pci().intxMasked(true)) : s, Refusal.EAGAIN);
    }

    /**
     * Never wakes; written iff memory is enabled, so dropped in D3hot and D3cold (spec B7). Not
     * written to a function on its way into or out of them (closes the gap of I.12).
     */
    private boolean ioEventFdWrites(PowerState s) {
        boolean neverLeavesD0 = !config.pm().present() && !config.platformD3cold();
        return s.pci().memoryAccessible() && (s.status() == RuntimeStatus.ACTIVE || neverLeavesD0);
    }

    private static boolean awake(PowerState s) {
        return s.status() == RuntimeStatus.ACTIVE && !s.pci().suspended();
    }
}
