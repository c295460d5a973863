/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.IrqInfo;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.List;

/** MSI and MSI-X: nothing masks them at a suspend, and they are there after it (spec B7). */
final class MessageInterrupts {
    private MessageInterrupts() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        cases.addAll(
                Row.of("loopback", "a loopback of a message", MessageInterrupts::trigger)
                        .needing(Need.MESSAGES)
                        .prepared(t -> t.interrupt(enable(t)))
                        .seeing(t -> t.interrupts(t.interrupt(), 1))
                        .everywhere("0")
                        .cases());
        cases.add(
                Case.of(
                                "MSI.asleep",
                                "messages are configured after a sleep",
                                "spec B7",
                                t -> kept(t, false))
                        .needing(Need.MESSAGES));
        cases.add(
                Case.of(
                                "MSI.D3cold",
                                "messages are configured after a sleep in D3cold",
                                "spec B7",
                                t -> kept(t, true))
                        .needing(Need.MESSAGES, Need.D3COLD));
        cases.add(
                Case.of("MSI.mask", "messages cannot be masked", "spec G", MessageInterrupts::mask)
                        .needing(Need.MESSAGES));
        cases.add(
                Case.of(
                                "MSI.resize",
                                "whether vectors of MSI-X can be added",
                                "spec G: since 6.5",
                                MessageInterrupts::resize)
                        .needing(Need.MSIX));
        return cases;
    }

    private static int index(Trial t) {
        return t.facts().messages().orElseThrow();
    }

    private static EventFd enable(Trial t) {
        EventFd event = t.eventFd();
        t.device().enableInterrupts(index(t), 0, List.of(event));
        return event;
    }

    private static void trigger(Trial t) {
        t.device().triggerInterrupts(index(t), 0, 1);
    }

    private static void kept(Trial t, boolean cold) {
        if (cold) {
            t.sleepInD3cold();
        }
        EventFd event = enable(t);
        t.bring(State.N_S);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.does("a loopback", "0", () -> trigger(t));
        t.interrupts(event, 1);
    }

    private static void mask(Trial t) {
        EventFd _ = enable(t);
        t.does("mask", "ENOTTY", () -> t.device().maskInterrupts(index(t), 0, 1));
        t.does("unmask", "ENOTTY", () -> t.device().unmaskInterrupts(index(t), 0, 1));
    }

    private static void resize(Trial t) {
        IrqInfo info = t.device().irq(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX);
        String expected = t.facts().profile().dynamicMsix() ? "resizable" : "NORESIZE";
        t.expect(expected, info.noResize() ? "NORESIZE" : "resizable");
    }
}
