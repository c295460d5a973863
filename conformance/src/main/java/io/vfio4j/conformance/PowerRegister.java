/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static io.vfio4j.conformance.State.N_A;
import static io.vfio4j.conformance.State.N_S;
import static io.vfio4j.conformance.State.OFF;
import static io.vfio4j.conformance.State.W_S;

import io.vfio4j.uapi.PciRegs;

import java.util.ArrayList;
import java.util.List;

/** The client's PMCSR (spec B6), and its row of the truth table. */
final class PowerRegister {
    static final int D0 = 0;
    static final int D1 = 1;
    static final int D2 = 2;
    static final int D3HOT = 3;

    private static final byte LINE = 0x5a;

    private PowerRegister() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        cases.addAll(row());
        cases.addAll(
                List.of(
                        register("pme", "PME, which the kernel hides", PowerRegister::pme),
                        register("width-1", "a write of 1 byte", t -> width(t, 1)),
                        register("width-2", "a write of 2 bytes", t -> width(t, 2)),
                        register("width-4", "a write of 4 bytes", t -> width(t, 4)),
                        register("next-byte", "a write of the next byte", PowerRegister::nextByte),
                        register("D1", "D1, which the device lacks", t -> lacking(t, D1)),
                        register("D2", "D2, which the device lacks", t -> lacking(t, D2)),
                        register("upwards", "D3hot to D1", PowerRegister::upwards),
                        register("d3hot", "what D3hot does", PowerRegister::d3hot),
                        register("lost-N", "D3hot is lost by a sleep", t -> lost(t, N_S)),
                        register("lost-W", "D3hot is lost by a sleep of W", t -> lost(t, W_S)),
                        register(
                                        "reset",
                                        "DEVICE_RESET returns to D0",
                                        PowerRegister::resetFromD3hot)
                                .needing(Need.RESET),
                        survives("survives", "what a sleep in D3hot keeps"),
                        survives("survives-D3cold", "what a sleep in D3cold keeps")
                                .needing(Need.D3COLD)));
        return cases;
    }

    private static Case register(String id, String title, Case.Body body) {
        return Case.of("B6." + id, title, "spec B6", body).needing(Need.PM_CAPABILITY);
    }

    /** Asks for a D-state; that the write succeeds says nothing of whether it is reached. */
    static void request(Trial t, int state) {
        t.device().writeShort(Acts.CONFIG, t.pmcsr(), (short) state);
    }

    /**
     * Back to D0, and what a driver does then for a function that has forgotten: the kernel does it
     * for its user (spec B6), a device host's client is the driver.
     */
    static void toD0(Trial t) {
        does(t, "D0", D0);
        if (!t.facts().inKernel() && !t.facts().keepsContext()) {
            short decoding = PciRegs.PCI_COMMAND_MEMORY;
            t.device().writeShort(Acts.CONFIG, PciRegs.PCI_COMMAND, decoding);
        }
    }

    private static void does(Trial t, String name, int state) {
        t.does("PMCSR := " + name, "0", () -> request(t, state));
    }

    private static List<Case> row() {
        List<Case> cases = new ArrayList<>();
        for (State state : State.values()) {
            cases.add(
                    Case.of(
                                    "T.d3hot." + state,
                                    "PMCSR := D3hot in " + state,
                                    "truth table, PMCSR := D3hot, " + state,
                                    t -> inState(t, state))
                            .needing(Need.PM_CAPABILITY));
        }
        return cases;
    }

    private static void inState(Trial t, State state) {
        t.bring(state);
        does(t, "D3hot", D3HOT);
        t.signals(state == W_S ? 1 : 0);
        if (state == N_S) {
            t.woke();
            t.clientState("D0");
            After.N.see(t);
            return;
        }
        t.clientState("D3hot");
        if (state == OFF) {
            sleepsIfPassedOn(t);
        } else if (state == W_S) {
            t.staysAwake();
        } else {
            After after = state == N_A ? After.N : After.W;
            after.see(t);
            t.clientState("D0");
        }
    }

    /** D3hot is no sleep to the runtime PM core, but what a bridge waits for. */
    private static void sleepsIfPassedOn(Trial t) {
        if (t.facts().sleepsInD3hot()) {
            t.sleeps();
        } else {
            t.staysAwake();
        }
    }

    /** Of a device host that has PME the bits are there: {@link PmeCases}. */
    private static void pme(Trial t) {
        boolean shown = t.facts().pmeShown();
        int support = t.capability().pmc() & PciRegs.PCI_PM_CAP_PME_MASK;
        t.expect(
                shown ? "PME_Support names states" : "PME_Support reads 0",
                (support != 0) == shown);
        int bits = PciRegs.PCI_PM_CTRL_PME_ENABLE | PciRegs.PCI_PM_CTRL_PME_STATUS;
        if (shown) {
            // A device remembers what happened to it before this client.
            request(t, PciRegs.PCI_PM_CTRL_PME_STATUS);
        }
        t.expect("PME bits read 0", (t.readPmcsr() & bits) == 0);
        t.does("PMCSR := PME bits", "0", () -> request(t, bits));
        int expected = shown ? PciRegs.PCI_PM_CTRL_PME_ENABLE : 0;
        t.expect(
                shown ? "PME_En reads 1 alone" : "PME bits read 0",
                (t.readPmcsr() & bits) == expected);
        request(t, 0);
    }

    private static void write(Trial t, int width, int state) {
        switch (width) {
            case 1 -> t.device().writeByte(Acts.CONFIG, t.pmcsr(), (byte) state);
            case 2 -> t.device().writeShort(Acts.CONFIG, t.pmcsr(), (short) state);
            default -> t.device().writeInt(Acts.CONFIG, t.pmcsr(), state);
        }
    }

    private static void width(Trial t, int width) {
        t.does("PMCSR := D3hot", "0", () -> write(t, width, D3HOT));
        t.clientState("D3hot");
        t.does("PMCSR := D0", "0", () -> write(t, width, D0));
        t.clientState("D0");
    }

    private static void nextByte(Trial t) {
        t.does(
                "the next byte := 3",
                "0",
                () -> t.device().writeByte(Acts.CONFIG, t.pmcsr() + 1, (byte) D3HOT));
        t.clientState("D0");
    }

    private static void lacking(Trial t, int state) {
        if (state == D1 ? t.capability().d1() : t.capability().d2()) {
            throw new Trial.Inapplicable("the device has D" + state);
        }
        does(t, "D" + state, state);
        t.clientState("D0");
        t.staysAwake();
    }

    private static void upwards(Trial t) {
        does(t, "D3hot", D3HOT);
        does(t, "D1", D1);
        t.clientState("D3hot");
    }

    private static void d3hot(Trial t) {
        does(t, "D3hot", D3HOT);
        sleepsIfPassedOn(t);
        t.expect("power_state D3hot", "power_state " + t.host().powerState());
        t.does("a read of config space", "0", () -> Acts.readConfig(t.device()));
        t.facts()
                .memoryBar()
                .ifPresent(spot -> t.does("a read", "EIO", () -> Acts.read(t.device(), spot)));
        toD0(t);
        t.expect("power_state D0", "power_state " + t.host().powerState());
        t.facts()
                .memoryBar()
                .ifPresent(spot -> t.does("a read", "0", () -> Acts.read(t.device(), spot)));
    }

    private static void lost(Trial t, State state) {
        does(t, "D3hot", D3HOT);
        t.bring(state);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        t.signals(state == W_S ? 1 : 0);
        t.clientState("D0");
        t.facts()
                .memoryBar()
                .ifPresent(spot -> t.does("a read", "0", () -> Acts.read(t.device(), spot)));
    }

    private static void resetFromD3hot(Trial t) {
        does(t, "D3hot", D3HOT);
        t.does("DEVICE_RESET", "0", () -> t.device().reset());
        t.clientState("D0");
    }

    private static Case survives(String id, String title) {
        return register(
                id,
                title,
                t -> {
                    if (id.endsWith("D3cold")) {
                        t.sleepInD3cold();
                    }
                    t.device().writeByte(Acts.CONFIG, PciRegs.PCI_INTERRUPT_LINE, LINE);
                    int command = t.device().readShort(Acts.CONFIG, PciRegs.PCI_COMMAND);
                    int bar = t.device().readInt(Acts.CONFIG, PciRegs.PCI_BASE_ADDRESS_0);
                    t.bring(N_S);
                    t.does("EXIT", "0", () -> Acts.exit(t.device()));
                    t.expect(
                            "COMMAND is kept",
                            t.device().readShort(Acts.CONFIG, PciRegs.PCI_COMMAND) == command);
                    t.expect(
                            "the interrupt line is kept",
                            t.device().readByte(Acts.CONFIG, PciRegs.PCI_INTERRUPT_LINE) == LINE);
                    t.expect(
                            "BAR0 is kept",
                            t.device().readInt(Acts.CONFIG, PciRegs.PCI_BASE_ADDRESS_0) == bar);
                });
    }
}
