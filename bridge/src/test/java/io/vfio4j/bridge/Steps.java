/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.power.BridgeConfig;
import io.vfio4j.power.BridgeEvent;
import io.vfio4j.power.BridgePromise;
import io.vfio4j.power.BridgeRules;
import io.vfio4j.power.BridgeState;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.Reentry;
import io.vfio4j.power.SleepEntry;

import java.time.Duration;
import java.util.Set;
import java.util.function.BiConsumer;

/** A bridge's state as the rules make it, without anybody who carries effects out. */
final class Steps {
    static final BridgePromise KEPT = BridgePromise.of(true, false, BridgePromise.D3cold.FORBIDDEN);

    private static final int D3HOT = 3;
    private static final int PME_EN = 1 << 8;

    private final BridgeRules rules;
    private final BiConsumer<BridgeState, BridgeState> changed;
    private BridgeState state;

    Steps(BiConsumer<BridgeState, BridgeState> changed) {
        BridgeConfig config =
                new BridgeConfig(
                        SleepEntry.WAKEUP,
                        Reentry.GUEST,
                        Duration.ofSeconds(1),
                        Duration.ofMillis(200),
                        Duration.ofSeconds(4),
                        false,
                        KEPT,
                        Set.of(PciPowerState.D3HOT));
        rules = new BridgeRules(config);
        state = BridgeState.initial(config);
        this.changed = changed;
    }

    BridgeState state() {
        return state;
    }

    void tell(BridgeEvent event) {
        BridgeState before = state;
        state = rules.step(before, event, 0).next();
        changed.accept(before, state);
    }

    /** A guest has put its function into D3hot, with PME enabled, and the device was let sleep. */
    void fallAsleep() {
        tell(new BridgeEvent.Opened(false));
        tell(new BridgeEvent.GuestWrote(PME_EN | D3HOT, 3));
        tell(new BridgeEvent.Entered());
    }
}
