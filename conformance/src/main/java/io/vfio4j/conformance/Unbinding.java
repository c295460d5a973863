/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.ReleaseRequest;

import java.util.ArrayList;
import java.util.List;

/**
 * The host takes the device from vfio-pci while somebody has it open: it wakes, and the one who has
 * it is asked for it (spec C, truth table). Each case gives the driver its device back.
 */
final class Unbinding {
    private Unbinding() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (State state : List.of(State.N_S, State.W_S)) {
            for (boolean d3cold : new boolean[] {false, true}) {
                String where = d3cold ? "D3cold" : "D3hot";
                String id = state == State.W_S ? "C.unbind." : "C.unbind.N.";
                cases.add(
                        Case.of(
                                        id + where,
                                        "driver/unbind, %s in %s"
                                                .formatted(state.name().charAt(0), where),
                                        "spec C wake sources, %s; truth table, unbind"
                                                .formatted(where),
                                        t -> unbind(t, state, d3cold))
                                .needing(Need.DRIVER, d3cold ? Need.D3COLD : Need.PM_CAPABILITY));
            }
        }
        return cases;
    }

    private static void unbind(Trial t, State state, boolean d3cold) {
        if (d3cold) {
            t.sleepInD3cold();
        }
        ReleaseRequest asked = t.owned(ReleaseRequest.of(t.device()).orElseThrow());
        t.bring(state);
        // It waits, deaf to all, until the device is closed.
        Thread unbinder = Thread.ofPlatform().daemon().start(t.host()::unbindDriver);
        try {
            t.expect("asked for the device", asked.await(t.soon()));
            t.signals(state.wakeup() ? 1 : 0);
        } finally {
            t.closeDevice();
            boolean _ = Settle.until(() -> !unbinder.isAlive(), t.soon());
            t.bindAgain();
        }
        t.expect("unbound once it was closed", !unbinder.isAlive());
        t.signals(0);
        t.reopen();
        t.staysAwake();
    }
}
