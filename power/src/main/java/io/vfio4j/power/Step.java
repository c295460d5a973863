/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.List;

/**
 * The result of one step.
 *
 * @param next the state after it
 * @param effects what to do now, in this order
 * @param outcome the answer, final unless an effect changes it
 */
public record Step(PowerState next, List<Effect> effects, Outcome outcome) {
    /** Copies the list. */
    public Step {
        effects = List.copyOf(effects);
    }

    static Step done(PowerState next, Effect... effects) {
        return new Step(next, List.of(effects), Outcome.DONE);
    }

    static Step done(PowerState next, List<Effect> effects) {
        return new Step(next, effects, Outcome.DONE);
    }

    static Step refused(PowerState next, Refusal why, Effect... effects) {
        return new Step(next, List.of(effects), new Outcome.Refused(why));
    }

    static Step waiting(PowerState next) {
        return new Step(next, List.of(), Outcome.WAIT);
    }
}
