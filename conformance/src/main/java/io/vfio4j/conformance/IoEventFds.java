/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.IoEvent;
import io.vfio4j.linux.EventFd;

import java.util.ArrayList;
import java.util.List;

/** An eventfd that stands for a write does not wake the device, and is lost on it (spec B7). */
final class IoEventFds {
    private static final int BEFORE = 0x0101_0101;
    private static final int KICKED = 0x0202_0202;

    private IoEventFds() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (State state : State.values()) {
            cases.add(
                    Case.of(
                                    "T.ioeventfd." + state,
                                    "an ioeventfd in " + state,
                                    "truth table, ioeventfd kick, " + state,
                                    t -> kicked(t, state))
                            .needing(Need.IOEVENTFD));
        }
        cases.add(
                Case.of("G.ioeventfd", "added twice, removed twice", "spec G", IoEventFds::twice)
                        .needing(Need.IOEVENTFD));
        return cases;
    }

    private static IoEvent event(Trial t) {
        Spot spot = t.facts().scratch().orElseThrow().spot();
        return new IoEvent(spot.region(), spot.offset(), Integer.BYTES, KICKED);
    }

    /** Has an eventfd stand for a write to the register that shows it. */
    static void prepare(Trial t) {
        Scratch scratch = t.facts().scratch().orElseThrow();
        t.device().writeInt(scratch.spot().region(), scratch.spot().offset(), BEFORE);
        EventFd kick = t.eventFd();
        t.device().addIoEventFd(event(t), kick);
        t.interrupt(kick);
    }

    /** The kernel takes it out of the counter when it has done, or dropped, the write. */
    private static void kick(Trial t) {
        t.interrupt().signal();
        boolean _ = Settle.until(() -> !t.interrupt().await(java.time.Duration.ZERO), t.soon());
        t.expect("consumed", !t.interrupt().await(java.time.Duration.ZERO));
    }

    private static void kicked(Trial t, State state) {
        prepare(t);
        t.bring(state);
        kick(t);
        t.signals(0);
        if (state.asleep()) {
            t.notWoken();
            t.sleeps();
        }
        Scratch scratch = t.facts().scratch().orElseThrow();
        int read = t.device().readInt(scratch.spot().region(), scratch.spot().offset());
        boolean written = read == scratch.shown(KICKED);
        // A device without a PM capability sleeps in D0, where it hears the write.
        boolean lost = state.asleep() && t.facts().power().isPresent();
        t.expect(lost ? "dropped" : "written", written ? "written" : "dropped");
        t.signals(state == State.W_S ? 1 : 0);
    }

    private static void twice(Trial t) {
        IoEvent event = event(t);
        EventFd first = t.eventFd();
        t.does("add", "0", () -> t.device().addIoEventFd(event, first));
        t.does("add again", "EEXIST", () -> t.device().addIoEventFd(event, t.eventFd()));
        t.does("remove", "0", () -> t.device().removeIoEventFd(event));
        t.does("remove again", "ENODEV", () -> t.device().removeIoEventFd(event));
    }
}
