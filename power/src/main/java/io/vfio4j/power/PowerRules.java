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
        this.pci = new PciPowerRules(config);
    }

    /** One step; see {@link Step}. */
    public Step step(PowerState state, PowerEvent event) {
        Step step =
                switch (event) {
                    case PowerEvent.ForRuntimePm e -> runtimePm.step(state, e);
                    case PowerEvent.ForContract e -> contract.step(state, e);
                    case PowerEvent.ForPci e -> pci.step(state, e);
                    case PowerEvent.Progress e -> transitions.step(state, e);
                };
        return guardMappings(state, step);
    }

    /**
     * Whenever the gate closes, mappings are revoked before anything else is done; whenever it
     * opens, they are restored once the model is awake and before anybody is told (spec B3, B4, I3,
     * I4).
     */
    private static Step guardMappings(PowerState before, Step step) {
        boolean was = before.mappingsAccessible();
        boolean is = step.next().mappingsAccessible();
        if (was == is) {
            return step;
        }
        List<Effect> effects = new ArrayList<>(step.effects());
        if (was) {
            effects.addFirst(new Effect.RevokeMappings());
        } else {
            int at = 0;
            for (int i = 0; i < effects.size(); i++) {
                if (effects.get(i) instanceof Effect.Resume) {
                    at = i + 1;
                }
            }
            effects.add(at, new Effect.RestoreMappings());
        }
        return new Step(step.next(), effects, step.outcome());
    }
}
