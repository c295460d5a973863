/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.util.List;

/**
 * INTx and sleep: a suspend masks the line, a resume gives it back, and what somebody else has
 * masked stays so (spec B1, B3, I.1).
 */
final class LineInterrupts {
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;

    private LineInterrupts() {}

    static List<Case> cases() {
        return List.of(
                line("fires", "an interrupt, and the next after its unmask", LineInterrupts::fires),
                line("asleep", "a sleep leaves the line as it was", LineInterrupts::keeps),
                line("asleep-W", "so does a sleep of W", LineInterrupts::keepsW),
                line("masked", "masked by the user, it stays masked", LineInterrupts::masked),
                line("mask-asleep", "masked by the user asleep", LineInterrupts::maskedAsleep),
                line(
                        "automasked",
                        "masked by having fired, it stays so",
                        LineInterrupts::automasked),
                line("disabled", "DisINTx in COMMAND stays set", LineInterrupts::disabled),
                line("D3cold", "a sleep in D3cold leaves the line as it was", LineInterrupts::cold)
                        .needing(Need.D3COLD),
                line("enabled-asleep", "configured asleep", LineInterrupts::configuredAsleep),
                Case.of(
                                "I1.unmask-asleep",
                                "an unmask eventfd kicked asleep",
                                "spec I.1, a bug of kernels that is not copied",
                                LineInterrupts::unmaskedAsleep)
                        .needing(Need.INTX, Need.STIMULUS, Need.LASTING_INTERRUPT),
                Case.of(
                                "INTx.unmask-eventfd",
                                "an unmask eventfd kicked awake",
                                "spec B7, G",
                                LineInterrupts::unmaskEventFd)
                        .needing(Need.INTX, Need.STIMULUS));
    }

    private static Case line(String id, String title, Case.Body body) {
        return Case.of("INTx." + id, title, "spec B3 runtime_suspend (2), runtime_resume", body)
                .needing(Need.INTX, Need.STIMULUS);
    }

    private static EventFd enable(Trial t) {
        EventFd event = t.eventFd();
        t.device().enableInterrupts(INTX, 0, List.of(event));
        return event;
    }

    private static void raise(Trial t) {
        t.facts().stimulus().orElseThrow().raise(t.device());
    }

    private static void acknowledge(Trial t) {
        t.facts().stimulus().orElseThrow().acknowledge(t.device());
    }

    private static void unmask(Trial t) {
        t.does("unmask", "0", () -> t.device().unmaskInterrupts(INTX, 0, 1));
    }

    private static void raisesOne(Trial t, EventFd event) {
        raise(t);
        t.interrupts(event, 1);
        acknowledge(t);
    }

    /** None comes, though it is raised; and only one, once it may. */
    private static void raisesNoneUntil(Trial t, EventFd event, Runnable allowed) {
        raise(t);
        t.noInterrupt(event);
        allowed.run();
        t.interrupts(event, 1);
        acknowledge(t);
    }

    private static void sleepAndExit(Trial t) {
        t.bring(State.N_S);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
    }

    private static void fires(Trial t) {
        EventFd event = enable(t);
        raise(t);
        t.interrupts(event, 1);
        // The line is still up, and masked by having fired.
        t.noInterrupt(event);
        unmask(t);
        t.interrupts(event, 1);
        acknowledge(t);
    }

    private static void keeps(Trial t) {
        EventFd event = enable(t);
        sleepAndExit(t);
        raisesOne(t, event);
    }

    private static void keepsW(Trial t) {
        EventFd event = enable(t);
        t.bring(State.W_S);
        t.does("a read of config space", "0", () -> Acts.readConfig(t.device()));
        t.signals(1);
        raisesOne(t, event);
    }

    private static void masked(Trial t) {
        EventFd event = enable(t);
        t.does("mask", "0", () -> t.device().maskInterrupts(INTX, 0, 1));
        sleepAndExit(t);
        raisesNoneUntil(t, event, () -> unmask(t));
    }

    private static void maskedAsleep(Trial t) {
        EventFd event = enable(t);
        t.bring(State.N_S);
        t.does("mask", "0", () -> t.device().maskInterrupts(INTX, 0, 1));
        t.woke();
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        raisesNoneUntil(t, event, () -> unmask(t));
    }

    private static void automasked(Trial t) {
        EventFd event = enable(t);
        raisesOne(t, event);
        sleepAndExit(t);
        raisesNoneUntil(t, event, () -> unmask(t));
    }

    private static void disable(Trial t, boolean disabled) {
        int command = t.device().readShort(Acts.CONFIG, PciRegs.PCI_COMMAND);
        int bit = PciRegs.PCI_COMMAND_INTX_DISABLE;
        t.device()
                .writeShort(
                        Acts.CONFIG,
                        PciRegs.PCI_COMMAND,
                        (short) (disabled ? command | bit : command & ~bit));
    }

    private static void disabled(Trial t) {
        EventFd event = enable(t);
        t.does("DisINTx := 1", "0", () -> disable(t, true));
        sleepAndExit(t);
        raisesNoneUntil(t, event, () -> t.does("DisINTx := 0", "0", () -> disable(t, false)));
    }

    private static void cold(Trial t) {
        t.sleepInD3cold();
        keeps(t);
    }

    private static void configuredAsleep(Trial t) {
        EventFd event = t.eventFd();
        t.bring(State.N_S);
        t.does(
                "INTx by an eventfd",
                "0",
                () -> t.device().enableInterrupts(INTX, 0, List.of(event)));
        t.woke();
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        raisesOne(t, event);
    }

    private static void unmaskEventFd(Trial t) {
        EventFd event = enable(t);
        EventFd unmask = t.eventFd();
        t.device().unmaskInterruptBy(INTX, 0, unmask);
        raise(t);
        t.interrupts(event, 1);
        unmask.signal();
        t.interrupts(event, 1);
        acknowledge(t);
    }

    private static void unmaskedAsleep(Trial t) {
        EventFd event = enable(t);
        EventFd unmask = t.eventFd();
        t.device().unmaskInterruptBy(INTX, 0, unmask);
        if (t.facts().vfioPci()) {
            unmaskedInKernel(t, event, unmask);
        } else {
            unmaskDeferred(t, event, unmask);
        }
    }

    /** A device host defers the unmask to the resume: the line is up all the time. */
    private static void unmaskDeferred(Trial t, EventFd event, EventFd unmask) {
        raise(t);
        t.interrupts(event, 1);
        t.bring(State.N_S);
        unmask.signal();
        t.notWoken();
        t.expect("none asleep", event.drain() == 0);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.interrupts(event, 1);
        t.noInterrupt(event);
        acknowledge(t);
    }

    /**
     * Kernels up to 7.3 write COMMAND of a device that sleeps, and forget that the line is masked:
     * the interrupt is lost until it has been masked and unmasked. One without that bug has it at
     * once, and either is right here; {@link Differences} tells what was seen of which.
     */
    private static void unmaskedInKernel(Trial t, EventFd event, EventFd unmask) {
        t.bring(State.N_S);
        unmask.signal();
        t.notWoken();
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        raise(t);
        Acts.readConfig(t.device());
        long seen = event.drain();
        if (seen == 1) {
            t.saw("interrupt 1");
            acknowledge(t);
            return;
        }
        t.expect("interrupt 0", "interrupt " + seen);
        unmask(t);
        t.noInterrupt(event);
        t.does("mask", "0", () -> t.device().maskInterrupts(INTX, 0, 1));
        unmask(t);
        t.interrupts(event, 1);
        acknowledge(t);
    }
}
