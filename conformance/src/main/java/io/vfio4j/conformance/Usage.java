/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RawFeature;

import java.util.List;

/** The count of references holds at every quiescent point (spec B2, invariant I1). */
final class Usage {
    private static final int CYCLES = 5;

    private Usage() {}

    static List<Case> cases() {
        return List.of(
                usage("closed", "closed 0, open 1", Usage::closed),
                usage("engaged", "engaged 1 less", Usage::engaged),
                usage("control", "power/control = on 1 more, however often", Usage::control),
                usage("control-engaged", "both", Usage::controlAndEngaged),
                usage("failing", "requests that fail leave it", Usage::failing),
                usage("failing-asleep", "requests that fail asleep leave it", Usage::failingAsleep),
                usage("exits", "EXIT as often as you like", Usage::exits),
                usage("cycles", "cycles add nothing up", Usage::cycles),
                usage("close-engaged", "a close while engaged", Usage::closeEngaged),
                usage("reset", "a reset takes and gives", Usage::reset).needing(Need.RESET));
    }

    private static Case usage(String id, String title, Case.Body body) {
        return Case.of("B2." + id, title, "spec B2, invariant I1", body).needing(Need.USAGE);
    }

    private static void closed(Trial t) {
        t.usage(1);
        t.closeDevice();
        t.sleepsClosed();
        t.reopen();
        t.staysAwake();
    }

    private static void engaged(Trial t) {
        t.does("ENTRY", "0", () -> Acts.entry(t.device()));
        t.usage(0);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.usage(1);
        t.does("W", "0", () -> Acts.wakeup(t.device(), t.wakeup()));
        t.usage(0);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.staysAwake();
    }

    private static void control(Trial t) {
        t.hold();
        t.usage(2);
        t.hold();
        t.usage(2);
        t.letGo();
        t.staysAwake();
    }

    private static void controlAndEngaged(Trial t) {
        t.hold();
        t.does("ENTRY", "0", () -> Acts.entry(t.device()));
        t.usage(1);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.usage(2);
        t.letGo();
        t.staysAwake();
    }

    private static void fails(Trial t) {
        t.does(
                "an unknown feature",
                "ENOTTY",
                () -> t.device().feature(RawFeature.of(Acts.UNKNOWN | Acts.SET)));
        t.does(
                "W with a bad payload",
                "EBADF",
                () -> t.device().feature(Acts.wakeupRequest(Acts.NOT_OPEN, 0)));
        t.does(
                "a read of a region that does not exist",
                "EINVAL",
                () -> t.device().readInt(Acts.NO_REGION, 0));
        t.does(
                "a read past the end of config space",
                "EFAULT",
                () -> t.device().readByte(Acts.CONFIG, t.facts().configSize()));
    }

    private static void failing(Trial t) {
        fails(t);
        t.staysAwake();
    }

    private static void failingAsleep(Trial t) {
        t.bring(State.N_S);
        fails(t);
        t.does("ENTRY", "EINVAL", () -> Acts.entry(t.device()));
        t.sleeps();
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.staysAwake();
    }

    private static void exits(Trial t) {
        for (int i = 0; i < CYCLES; i++) {
            t.does("EXIT", "0", () -> Acts.exit(t.device()));
        }
        t.staysAwake();
        t.does("ENTRY", "0", () -> Acts.entry(t.device()));
        After.N.see(t);
    }

    private static void cycles(Trial t) {
        for (int i = 0; i < CYCLES; i++) {
            t.bring(State.N_S);
            Acts.exit(t.device());
            t.bring(State.W_S);
            Acts.readConfig(t.device());
        }
        t.signals(CYCLES);
        t.staysAwake();
    }

    private static void closeEngaged(Trial t) {
        t.bring(State.W_S);
        t.closeDevice();
        t.sleepsClosed();
        t.reopen();
        t.staysAwake();
    }

    private static void reset(Trial t) {
        t.does("DEVICE_RESET", "0", () -> t.device().reset());
        t.usage(1);
        t.bring(State.N_S);
        t.does("DEVICE_RESET", "0", () -> t.device().reset());
        t.sleeps();
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.staysAwake();
    }
}
