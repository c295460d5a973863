/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.linux.Fd;

import java.util.ArrayList;
import java.util.List;

/** The last close ends everything and signals nothing; what is opened next is OFF (spec B3). */
final class Closing {
    private static final String CITATION = "spec B3 last close";

    private Closing() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (State state : State.values()) {
            cases.add(
                    Case.of(
                            "T.last-close." + state,
                            "last close in " + state,
                            "truth table, last close, " + state,
                            t -> lastClose(t, state)));
        }
        cases.add(
                Case.of(
                                "B3.last-close.D3cold",
                                "last close in D3cold",
                                CITATION,
                                t -> {
                                    t.sleepInD3cold();
                                    lastClose(t, State.W_S);
                                })
                        .needing(Need.D3COLD));
        cases.add(
                Case.of(
                                "B3.duplicate",
                                "a duplicate keeps the device open, and engaged",
                                CITATION,
                                Closing::duplicate)
                        .needing(Need.DESCRIPTOR));
        cases.add(
                Case.of(
                                "B3.d3hot",
                                "the client's D3hot ends with the last close",
                                CITATION,
                                Closing::d3hot)
                        .needing(Need.PM_CAPABILITY));
        return cases;
    }

    private static void lastClose(Trial t, State state) {
        t.bring(state);
        t.closeDevice();
        t.letGo();
        t.sleepsClosed();
        t.signals(0);
        t.reopen();
        t.staysAwake();
        t.does("ENTRY", "0", () -> Acts.entry(t.device()));
        After.N.see(t);
    }

    private static void duplicate(Trial t) {
        Fd duplicate = t.device().descriptor().orElseThrow().duplicate();
        t.bring(State.W_S);
        t.device().close();
        t.notWoken();
        t.signals(0);
        duplicate.close();
        t.sleepsClosed();
        t.signals(0);
    }

    private static void d3hot(Trial t) {
        t.does("PMCSR := D3hot", "0", () -> PowerRegister.request(t, PowerRegister.D3HOT));
        t.closeDevice();
        t.sleepsClosed();
        t.reopen();
        t.clientState("D0");
        t.staysAwake();
    }
}
