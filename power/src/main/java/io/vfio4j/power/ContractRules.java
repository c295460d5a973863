/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/** vfio's low-power contract: open, entry, exit, close (spec B2, B3, B8). */
final class ContractRules {
    private final RuntimePmRules runtimePm;

    ContractRules(RuntimePmRules runtimePm) {
        this.runtimePm = runtimePm;
    }

    Step step(PowerState s, PowerEvent.ForContract event) {
        return switch (event) {
            case PowerEvent.Open(boolean bearsFaults) -> open(s, bearsFaults);
            case PowerEvent.OpenFailed() ->
                    Step.done(s.contract(s.contract().closed()).addUsage(-1));
            case PowerEvent.Enter(Optional<Wakeup> wakeup) -> enter(s, wakeup);
            case PowerEvent.Exit() -> disengage(s);
            case PowerEvent.LastClose() ->
                    s.contract().open() && !s.contract().closing()
                            ? disengage(s.contract(s.contract().close()))
                            : Step.refused(s, Refusal.EBADF);
            case PowerEvent.CloseAwake() ->
                    Step.done(s, new Effect.TearDown(), new Effect.Then(new PowerEvent.Closed()));
            case PowerEvent.Closed() -> closed(s);
            case PowerEvent.Vfs(int count) -> vfs(s, count);
            case PowerEvent.Unbind() ->
                    s.contract().unbinding()
                            ? Step.done(s)
                            : Step.done(
                                    s.contract(s.contract().unbind()).addUsage(1),
                                    new Effect.RequestRelease());
        };
    }

    /** The base reference, taken awake, errors raw; always held with disable_idle_d3 (spec B2). */
    private Step open(PowerState s, boolean bearsFaults) {
        if (s.contract().unbinding()) {
            return Step.refused(s, Refusal.ENODEV);
        }
        if (s.contract().open()) {
            return Step.refused(s, Refusal.EBUSY);
        }
        PowerState opened = s.contract(s.contract().open(bearsFaults));
        if (s.contract().alwaysHeld()) {
            return Step.done(opened);
        }
        Step step = runtimePm.acquire(opened);
        return step.outcome() instanceof Outcome.Refused(Refusal why) ? Step.refused(s, why) : step;
    }

    /**
     * ENTRY and W (spec B3): engaged, the wakeup is owned, one reference less without an idle
     * check; the access's own put is what later reaches 0. The gate closes with {@code engaged},
     * and is closed once more where it seems to be, in case that had failed.
     */
    private static Step enter(PowerState s, Optional<Wakeup> wakeup) {
        if (!s.contract().open() || s.contract().closing()) {
            return Step.refused(s, Refusal.ENODEV);
        }
        if (s.contract().engaged()) {
            return Step.refused(s, Refusal.EINVAL);
        }
        return Step.done(
                s.contract(s.contract().engage(wakeup)).addUsage(-1), new Effect.RevokeMappings());
    }

    /** A mapping would go on working: not engaged then, and the wakeup is the caller's again. */
    static Step entryFailed(PowerState s, Refusal why) {
        return s.contract().engaged()
                ? Step.refused(s.contract(s.contract().disengage()).addUsage(1), why)
                : Step.refused(s, why);
    }

    /**
     * EXIT, and the first half of the last close (spec B3): the wakeup goes without a signal. A
     * no-op if a resume was first: both decide under the same lock, so one of them takes the
     * reference.
     */
    private static Step disengage(PowerState s) {
        if (!s.contract().engaged()) {
            return Step.done(s);
        }
        PowerState next = s.contract(s.contract().disengage()).addUsage(1);
        return s.contract()
                .wakeup()
                .map(wakeup -> Step.done(next, new Effect.Drop(wakeup)))
                .orElseGet(() -> Step.done(next));
    }

    /** The base reference goes; the device idles again. INTx was torn down with the rest. */
    private Step closed(PowerState s) {
        PowerState next = s.contract(s.contract().closed()).pci(s.pci().intxMasked(false));
        return s.contract().alwaysHeld() ? Step.done(next) : runtimePm.put(next);
    }

    /** One reference while virtual functions exist (spec B8). */
    private Step vfs(PowerState s, int count) {
        int have = s.contract().vfs();
        if (count < 0) {
            return Step.refused(s, Refusal.EINVAL);
        }
        if (count == have) {
            return Step.done(s);
        }
        PowerState next = s.contract(s.contract().vfs(count));
        if (have == 0) {
            return Step.done(next.addUsage(1));
        }
        return count == 0 ? runtimePm.put(next) : Step.refused(s, Refusal.EBUSY);
    }
}
