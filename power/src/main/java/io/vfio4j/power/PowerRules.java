/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.ArrayList;
import java.util.List;

/**
 * The contract as a pure function: a state and an event give the next state, what to do, and the
 * answer. Immutable, thread-safe, total: it never throws for an event that comes at a bad time.
 */
public final class PowerRules {
    private final RuntimePmRules runtimePm;
    private final ContractRules contract;
    private final PciPowerRules pci;
    private final TransitionRules transitions;

    /**
     * Rules for one device.
     *
     * @param config what the device can do and which kernel to be like
     * @param parented whether there is a parent that must be awake whenever the device is (spec E)
     */
    public PowerRules(PowerConfig config, boolean parented) {
        this.transitions = new TransitionRules(config, parented);
        this.runtimePm = new RuntimePmRules(transitions, parented);
        this.contract = new ContractRules(runtimePm);
        this.pci = new PciPowerRules(config, runtimePm);
    }

    /** One step; see {@link Step}. */
    public Step step(PowerState state, PowerEvent event) {
        Step step =
                switch (event) {
                    case PowerEvent.ForRuntimePm e -> runtimePm.step(state, e);
                    case PowerEvent.ForContract e -> contract.step(state, e);
                    case PowerEvent.ForPci e -> pci.step(state, e);
                    case PowerEvent.Failed(Effect.RevokeMappings(), Refusal why) ->
                            ContractRules.entryFailed(state, why);
                    case PowerEvent.Progress e -> transitions.step(state, e);
                };
        return guardMappings(state, step);
    }

    /**
     * Whenever the gate closes, mappings go before anything else is done; whenever it opens, they
     * come back once the model is awake and before anybody is told (spec B3, B4, I3, I4). An entry
     * sees to it by itself.
     */
    private static Step guardMappings(PowerState before, Step step) {
        MappingView was = before.mappingView();
        MappingView is = step.next().mappingView();
        if (was == is || step.effects().contains(new Effect.RevokeMappings())) {
            return step;
        }
        List<Effect> effects = new ArrayList<>(step.effects());
        int at = 0;
        if (is == MappingView.LIVE) {
            for (int i = 0; i < effects.size(); i++) {
                if (effects.get(i) instanceof Effect.Resume) {
                    at = i + 1;
                }
            }
        }
        effects.add(at, new Effect.ShowMappings());
        return new Step(step.next(), effects, step.outcome());
    }
}
