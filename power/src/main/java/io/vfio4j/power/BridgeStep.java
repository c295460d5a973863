/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.List;
import java.util.Optional;

/**
 * The result of one step.
 *
 * @param next the state after it
 * @param effects what to do now, in this order
 * @param refusal why the event's cause is refused, if it is
 */
public record BridgeStep(BridgeState next, List<BridgeEffect> effects, Optional<Refusal> refusal) {
    /** Copies the list. */
    public BridgeStep {
        effects = List.copyOf(effects);
    }

    static BridgeStep done(BridgeState next, BridgeEffect... effects) {
        return new BridgeStep(next, List.of(effects), Optional.empty());
    }

    static BridgeStep refused(BridgeState next, Refusal why) {
        return new BridgeStep(next, List.of(), Optional.of(why));
    }

    static BridgeStep done(BridgeState next, List<BridgeEffect> effects) {
        return new BridgeStep(next, effects, Optional.empty());
    }
}
