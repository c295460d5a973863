/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.PmeEvent;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a bridge does for a client that knows of D3hot only, as VMMs do: the device sleeps, nothing
 * that the client reads wakes it, D0 brings back all that there was, and a wake by others is told
 * as PME (spec J).
 */
final class BridgeCases {
    private static final int CONFIG_READ = 256;
    private static final int ENABLE = PciRegs.PCI_PM_CTRL_PME_ENABLE;
    private static final int STATUS = PciRegs.PCI_PM_CTRL_PME_STATUS;
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;

    private BridgeCases() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (boolean cold : new boolean[] {false, true}) {
            cases.addAll(
                    List.of(
                            in(cold, "sleeps", "a sleep and its end", BridgeCases::sleeps),
                            in(cold, "quiet", "what wakes nobody", BridgeCases::quiet)
                                    .within(Case.REPEATING),
                            in(cold, "told", "a wake by others", t -> told(t, BridgeCases::control))
                                    .needing(cold ? Need.PME_FROM_D3COLD : Need.PME_FROM_D3HOT),
                            in(cold, "mapping", "a mapping", BridgeCases::mapping)
                                    .needing(Need.MAPPABLE_BAR),
                            in(cold, "INTx", "INTx after a sleep", BridgeCases::line)
                                    .needing(Need.INTX, Need.STIMULUS),
                            in(cold, "MSI", "messages after a sleep", BridgeCases::message)
                                    .needing(Need.MESSAGES),
                            in(cold, "close", "a close asleep", BridgeCases::closed)));
        }
        cases.addAll(
                List.of(
                        bridge(
                                        "told-reset",
                                        "a reset by the host",
                                        t -> told(t, BridgeCases::reset))
                                .needing(Need.PME_FROM_D3HOT, Need.HOST_RESET),
                        bridge("untold", "a wake by others without PME_En", BridgeCases::untold),
                        bridge("reset", "DEVICE_RESET asleep", BridgeCases::deviceReset)
                                .needing(Need.RESET),
                        bridge("locked", "bridge/locked", BridgeCases::locked),
                        bridge("unmask-asleep", "bug I.1 is healed", BridgeCases::unmaskedAsleep)
                                .needing(Need.INTX, Need.STIMULUS)));
        return cases;
    }

    private static Case bridge(String id, String title, Case.Body body) {
        return Case.of("Bridge." + id, title, "spec J", body).needing(Need.BRIDGE);
    }

    private static Case in(boolean cold, String id, String title, Case.Body body) {
        String where = cold ? "D3cold" : "D3hot";
        Case made =
                bridge(
                        id + "." + where,
                        title + " in " + where,
                        t -> {
                            if (cold) {
                                t.sleepInD3cold();
                            }
                            body.run(t);
                        });
        return cold ? made.needing(Need.D3COLD) : made;
    }

    private static void toSleep(Trial t, int more) {
        t.does("PMCSR := D3hot", "0", () -> PowerRegister.request(t, PowerRegister.D3HOT | more));
        t.sleeps();
    }

    private static void awake(Trial t) {
        PowerRegister.toD0(t);
        t.clientState("D0");
        t.staysAwake();
    }

    private static void sleeps(Trial t) {
        t.device().writeByte(Acts.CONFIG, PciRegs.PCI_INTERRUPT_LINE, (byte) 0x5a);
        int bar = t.device().readInt(Acts.CONFIG, PciRegs.PCI_BASE_ADDRESS_0);
        toSleep(t, 0);
        awake(t);
        t.expect(
                "BAR0 is kept", t.device().readInt(Acts.CONFIG, PciRegs.PCI_BASE_ADDRESS_0) == bar);
        t.expect(
                "the interrupt line is kept",
                t.device().readByte(Acts.CONFIG, PciRegs.PCI_INTERRUPT_LINE) == 0x5a);
        t.facts()
                .memoryBar()
                .ifPresent(spot -> t.does("a read", "0", () -> Acts.read(t.device(), spot)));
        toSleep(t, 0);
        awake(t);
    }

    /** What a guest's kernel reads of a device in D3hot, once a second, and what it must not. */
    private static void quiet(Trial t) {
        toSleep(t, 0);
        t.facts()
                .memoryBar()
                .ifPresent(spot -> t.does("a read", "EIO", () -> Acts.read(t.device(), spot)));
        t.does("GET_INFO", "0", () -> t.device().info());
        byte[] all = new byte[CONFIG_READ];
        t.does(
                "a read of config space",
                "0",
                () -> t.device().read(Acts.CONFIG, 0, all, 0, all.length));
        t.notWokenUnheard();
        t.clientState("D3hot");
        awake(t);
    }

    private static void control(Trial t) {
        t.hold();
        t.letGo();
    }

    private static void reset(Trial t) {
        t.host().resetFunction();
    }

    private static EventFd listen(Trial t) {
        return t.owned(PmeEvent.of(t.device())).eventFd();
    }

    private static void told(Trial t, Consumer<Trial> wake) {
        EventFd pme = listen(t);
        toSleep(t, ENABLE);
        t.does("a wake by the host", "0", () -> wake.accept(t));
        t.interrupts(pme, 1);
        int told = t.readPmcsr();
        t.expect("PME_En, PME_Status", (told & (ENABLE | STATUS)) == (ENABLE | STATUS));
        t.clientState("D3hot");
        t.does("PMCSR := PME_Status", "0", () -> PowerRegister.request(t, STATUS));
        awake(t);
        toSleep(t, 0);
        t.does("a wake by the host", "0", () -> wake.accept(t));
        awake(t);
        t.noInterrupt(pme);
    }

    private static void untold(Trial t) {
        EventFd pme = t.facts().pmeShown() ? listen(t) : t.eventFd();
        toSleep(t, 0);
        t.does("a wake by the host", "0", () -> control(t));
        awake(t);
        t.noInterrupt(pme);
        toSleep(t, 0);
        awake(t);
    }

    private static void mapping(Trial t) {
        TruthTable.map(t);
        t.does("a touch", "0", () -> TruthTable.touch(t));
        toSleep(t, 0);
        t.does("a touch", "BarAsleep", () -> TruthTable.touch(t));
        t.notWoken();
        awake(t);
        t.does("a touch", "0", () -> TruthTable.touch(t));
    }

    private static EventFd enableLine(Trial t) {
        EventFd event = t.eventFd();
        t.device().enableInterrupts(INTX, 0, List.of(event));
        return event;
    }

    private static void raises(Trial t, EventFd event) {
        Stimulus stimulus = t.facts().stimulus().orElseThrow();
        stimulus.raise(t.device());
        t.interrupts(event, 1);
        stimulus.acknowledge(t.device());
    }

    private static void line(Trial t) {
        EventFd event = enableLine(t);
        toSleep(t, 0);
        awake(t);
        raises(t, event);
    }

    /** Where the kernel has the bug, the bridge masks and unmasks. */
    private static void unmaskedAsleep(Trial t) {
        EventFd event = enableLine(t);
        EventFd unmask = t.eventFd();
        t.device().unmaskInterruptBy(INTX, 0, unmask);
        toSleep(t, 0);
        unmask.signal();
        t.notWoken();
        awake(t);
        raises(t, event);
    }

    private static void message(Trial t) {
        int index = t.facts().messages().orElseThrow();
        EventFd event = t.eventFd();
        t.device().enableInterrupts(index, 0, List.of(event));
        toSleep(t, 0);
        awake(t);
        t.does("a loopback", "0", () -> t.device().triggerInterrupts(index, 0, 1));
        t.interrupts(event, 1);
    }

    private static void closed(Trial t) {
        toSleep(t, 0);
        t.closeDevice();
        t.sleepsClosed();
        t.reopen();
        t.clientState("D0");
        t.staysAwake();
    }

    private static void deviceReset(Trial t) {
        toSleep(t, 0);
        t.does("DEVICE_RESET", "0", () -> t.device().reset());
        t.clientState("D0");
        t.staysAwake();
    }

    /** The operator's word goes before the client's; it is kept by power/control. */
    private static void locked(Trial t) {
        AutoCloseable unlock = () -> t.host().write(HostAttribute.BRIDGE_LOCKED, "0");
        t.does("locked := 1", "0", () -> t.host().write(HostAttribute.BRIDGE_LOCKED, "1"));
        AutoCloseable _ = t.owned(unlock);
        t.does("PMCSR := D3hot", "0", () -> PowerRegister.request(t, PowerRegister.D3HOT));
        t.clientState("D3hot");
        t.held(2);
        t.does("locked := 0", "0", () -> t.host().write(HostAttribute.BRIDGE_LOCKED, "0"));
        t.sleeps();
        awake(t);
    }
}
