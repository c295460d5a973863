/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static io.vfio4j.conformance.State.N_S;
import static io.vfio4j.conformance.State.W_S;

import io.vfio4j.client.PmeEvent;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.PciRegs;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * PME of a device that shows it: its two bits, the interrupt that tells of it, and the wake that it
 * is (spec C, E). Its cause is the host side, which stands for the world outside.
 */
final class PmeCases {
    private static final int ENABLE = PciRegs.PCI_PM_CTRL_PME_ENABLE;
    private static final int STATUS = PciRegs.PCI_PM_CTRL_PME_STATUS;

    private static final Duration AT_ONCE = Duration.ofMillis(50);
    private static final Duration SLEEP = Duration.ofSeconds(2);

    private PmeCases() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int width : new int[] {1, 2, 4}) {
            cases.add(
                    pme(
                            "enable-" + width,
                            "PME_En is kept as written, by " + width,
                            t -> enable(t, width)));
            cases.add(
                    pme(
                                    "status-" + width,
                                    "PME_Status is cleared by 1 and left by 0, by " + width,
                                    t -> status(t, width))
                            .needing(Need.WAKE_EVENTS, Need.PME_FROM_D0));
        }
        cases.addAll(
                List.of(
                        pme("apart", "the state and PME's bits are written apart", PmeCases::apart)
                                .needing(Need.WAKE_EVENTS, Need.PME_FROM_D0),
                        pme("told", "PME is told when it rises, once", PmeCases::told)
                                .needing(Need.WAKE_EVENTS, Need.PME_FROM_D0),
                        pme("silent", "a wake event without PME_En", PmeCases::silent)
                                .needing(Need.WAKE_EVENTS, Need.PME_FROM_D0),
                        pme("pending", "PME_En on a wake event that was", PmeCases::pending)
                                .needing(Need.WAKE_EVENTS, Need.PME_FROM_D0),
                        pme("D3hot", "a wake event in the client's D3hot", PmeCases::inD3hot)
                                .needing(Need.WAKE_EVENTS, Need.PME_FROM_D3HOT),
                        pme("reset", "what DEVICE_RESET leaves of PME", PmeCases::reset)
                                .needing(Need.WAKE_EVENTS, Need.PME_FROM_D0, Need.RESET),
                        pme("kept", "PME_En over a sleep in D3hot", t -> kept(t, false)),
                        pme("kept-D3cold", "PME_En over a sleep in D3cold", t -> kept(t, true))
                                .needing(Need.D3COLD),
                        wakes("C.pme.D3hot", "a wake event", t -> wakesOnce(t, false))
                                .needing(Need.PME_FROM_D3HOT),
                        wakes("C.pme.N.D3hot", "a wake event, without", t -> wakesAgain(t, false))
                                .needing(Need.PME_FROM_D3HOT),
                        wakes("C.pme.D3cold", "a wake event in D3cold", t -> wakesOnce(t, true))
                                .needing(Need.PME_FROM_D3COLD, Need.D3COLD),
                        wakes(
                                        "C.pme.N.D3cold",
                                        "a wake event in D3cold, without",
                                        t -> wakesAgain(t, true))
                                .needing(Need.PME_FROM_D3COLD, Need.D3COLD)));
        return cases;
    }

    private static Case pme(String id, String title, Case.Body body) {
        return Case.of("PME." + id, title, "spec E", t -> run(t, body)).needing(Need.PME);
    }

    private static Case wakes(String id, String title, Case.Body body) {
        return Case.of(id, title, "spec C", t -> run(t, body)).needing(Need.PME, Need.WAKE_EVENTS);
    }

    /** A device remembers PME beyond its client: each case begins and ends without. */
    private static void run(Trial t, Case.Body body) {
        write(t, 2, STATUS);
        body.run(t);
        write(t, 2, STATUS);
    }

    private static void event(Trial t) {
        t.does("a wake event", "0", () -> t.host().wakeEvent());
    }

    /** Writes PMCSR's high byte in an access of that width; the state is left in D0. */
    private static void write(Trial t, int width, int bits) {
        switch (width) {
            case 1 -> t.device().writeByte(Acts.CONFIG, t.pmcsr() + 1, (byte) (bits >> 8));
            case 2 -> t.device().writeShort(Acts.CONFIG, t.pmcsr(), (short) bits);
            default -> t.device().writeInt(Acts.CONFIG, t.pmcsr(), bits);
        }
    }

    private static void sees(Trial t, int bits) {
        t.expect(text(bits), text(t.readPmcsr()));
    }

    private static String text(int pmcsr) {
        return "PME_En %d, PME_Status %d"
                .formatted((pmcsr & ENABLE) != 0 ? 1 : 0, (pmcsr & STATUS) != 0 ? 1 : 0);
    }

    private static void enable(Trial t, int width) {
        t.does("PME_En := 1", "0", () -> write(t, width, ENABLE));
        sees(t, ENABLE);
        t.does("PME_En := 0", "0", () -> write(t, width, 0));
        sees(t, 0);
        t.clientState("D0");
    }

    private static void status(Trial t, int width) {
        t.does("PME_Status := 1", "0", () -> write(t, width, STATUS));
        sees(t, 0);
        event(t);
        sees(t, STATUS);
        t.does("PME_Status := 0", "0", () -> write(t, width, 0));
        sees(t, STATUS);
        t.does("PME_Status := 1", "0", () -> write(t, width, STATUS));
        sees(t, 0);
        t.clientState("D0");
    }

    private static void apart(Trial t) {
        event(t);
        write(t, 1, ENABLE);
        t.does(
                "the low byte := D3hot",
                "0",
                () -> t.device().writeByte(Acts.CONFIG, t.pmcsr(), (byte) PowerRegister.D3HOT));
        t.clientState("D3hot");
        sees(t, ENABLE | STATUS);
        t.does("the high byte := PME_Status", "0", () -> write(t, 1, STATUS));
        t.clientState("D3hot");
        sees(t, 0);
    }

    private static EventFd listen(Trial t) {
        return t.owned(PmeEvent.of(t.device())).eventFd();
    }

    private static void told(Trial t) {
        EventFd pme = listen(t);
        write(t, 2, ENABLE);
        event(t);
        t.interrupts(pme, 1);
        event(t);
        t.noInterrupt(pme);
        write(t, 2, ENABLE | STATUS);
        t.noInterrupt(pme);
        event(t);
        t.interrupts(pme, 1);
    }

    private static void silent(Trial t) {
        EventFd pme = listen(t);
        event(t);
        t.noInterrupt(pme);
        sees(t, STATUS);
        write(t, 2, STATUS);
        t.noInterrupt(pme);
        sees(t, 0);
    }

    private static void pending(Trial t) {
        EventFd pme = listen(t);
        event(t);
        t.noInterrupt(pme);
        t.does("PME_En := 1", "0", () -> write(t, 2, ENABLE));
        t.interrupts(pme, 1);
    }

    /** Nothing moves by itself: the client finds out, and writes D0 or does not. */
    private static void inD3hot(Trial t) {
        EventFd pme = listen(t);
        PowerRegister.request(t, ENABLE | PowerRegister.D3HOT);
        if (t.facts().bridgeSleeps()) {
            // A bridge hears of a wake from sleep, and the sleep comes after the entry (spec 0).
            boolean _ = Settle.until(() -> Settle.asleep(t.host()), SLEEP);
        }
        event(t);
        t.interrupts(pme, 1);
        t.clientState("D3hot");
        sees(t, ENABLE | STATUS);
        t.staysAwake();
        t.does("PMCSR := D0, PME_Status", "0", () -> PowerRegister.request(t, STATUS));
        t.clientState("D0");
        sees(t, 0);
    }

    /** Both bits are sticky if auxiliary power keeps them, which PME from D3cold says. */
    private static void reset(Trial t) {
        write(t, 2, ENABLE);
        event(t);
        t.does("DEVICE_RESET", "0", () -> t.device().reset());
        sees(t, t.facts().pmeFrom("D3cold") ? ENABLE | STATUS : 0);
    }

    private static void kept(Trial t, boolean cold) {
        if (cold) {
            t.sleepInD3cold();
        }
        write(t, 2, ENABLE);
        t.bring(N_S);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        sees(t, !cold || t.facts().pmeFrom("D3cold") ? ENABLE : 0);
    }

    private static void wakesOnce(Trial t, boolean cold) {
        if (cold) {
            t.sleepInD3cold();
        }
        t.bring(W_S);
        event(t);
        t.signalsSoon(1);
        t.staysAwake();
        // A bridge has PME for the sleeps that it has let the device into.
        sees(t, t.facts().passedOn() ? 0 : STATUS);
        t.signals(0);
    }

    private static void wakesAgain(Trial t, boolean cold) {
        if (cold) {
            t.sleepInD3cold();
        }
        t.bring(N_S);
        t.does("a wake event", "0", () -> eventAndWake(t));
        t.woke();
        After.N.see(t);
    }

    /** The wake is a workqueue's, after the answer; where it is short it may not be seen. */
    private static void eventAndWake(Trial t) {
        t.host().wakeEvent();
        boolean _ = Settle.until(() -> !Settle.asleep(t.host()), AT_ONCE);
    }
}
