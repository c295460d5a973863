/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.MappedBar;
import io.vfio4j.uapi.PciRegs;

import java.util.List;

/** Mapped BARs: while the device is engaged nothing answers, before and after it does (spec B4). */
final class Mappings {
    private static final String ASLEEP = "BarAsleep";
    private static final int LOOPS = 5;

    private Mappings() {}

    static List<Case> cases() {
        return List.of(
                mapped("exit", "the same mapping works again after EXIT", Mappings::exit),
                mapped("wake", "the same mapping works again after a wake of W", Mappings::wake),
                mapped("new", "a mapping made asleep works after EXIT", Mappings::made),
                mapped("new-awake", "a mapping made engaged and awake", Mappings::madeAwake),
                mapped("write", "a write to a mapping", Mappings::write),
                mapped("two", "every mapping of the region", Mappings::two),
                mapped("loop", "at once after ENTRY and after EXIT", Mappings::loop),
                mapped("reset", "DEVICE_RESET asleep changes nothing", Mappings::reset)
                        .needing(Need.RESET),
                mapped("memory-off", "memory disabled in COMMAND", Mappings::memoryOff),
                mapped("memory-toggled", "COMMAND toggled while engaged", Mappings::memoryToggled),
                mapped("d3hot", "D3hot by PMCSR", Mappings::d3hot).needing(Need.PM_CAPABILITY),
                mapped("D3cold", "the same mapping works again after D3cold", Mappings::d3cold)
                        .needing(Need.D3COLD),
                mapped("keeps-open", "a mapping keeps the device open", Mappings::keepsOpen)
                        .needing(Need.DESCRIPTOR),
                mapped(
                                "keeps-open-asleep",
                                "the end of the last mapping signals nothing",
                                Mappings::keepsOpenAsleep)
                        .needing(Need.DESCRIPTOR));
    }

    private static Case mapped(String id, String title, Case.Body body) {
        return Case.of("B4." + id, title, "spec B4", body).needing(Need.MAPPABLE_BAR);
    }

    private static void touches(Trial t, String expected) {
        t.does("a touch", expected, () -> TruthTable.touch(t));
    }

    private static void exit(Trial t) {
        TruthTable.map(t);
        touches(t, "0");
        t.bring(State.N_S);
        touches(t, ASLEEP);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        touches(t, "0");
    }

    private static void wake(Trial t) {
        TruthTable.map(t);
        t.bring(State.W_S);
        touches(t, ASLEEP);
        t.signals(0);
        t.does("a read of config space", "0", () -> Acts.readConfig(t.device()));
        t.signals(1);
        touches(t, "0");
    }

    private static void made(Trial t) {
        t.bring(State.N_S);
        TruthTable.map(t);
        touches(t, ASLEEP);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        touches(t, "0");
    }

    private static void madeAwake(Trial t) {
        t.bring(State.N_A);
        TruthTable.map(t);
        touches(t, ASLEEP);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        touches(t, "0");
    }

    private static void write(Trial t) {
        TruthTable.map(t);
        long offset = t.facts().mappable().orElseThrow().offset();
        t.bring(State.N_S);
        t.does("a write", ASLEEP, () -> t.mapped().putInt(offset, 0));
        t.notWoken();
    }

    private static void two(Trial t) {
        TruthTable.map(t);
        MappedBar first = t.mapped();
        touches(t, "0");
        TruthTable.map(t);
        touches(t, "0");
        t.bring(State.N_S);
        touches(t, ASLEEP);
        t.mapped(first);
        touches(t, ASLEEP);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        touches(t, "0");
    }

    /** Not one touch in between, and none that was kept from before (invariant I3). */
    private static void loop(Trial t) {
        TruthTable.map(t);
        for (int i = 0; i < LOOPS; i++) {
            touches(t, "0");
            t.does("ENTRY", "0", () -> Acts.entry(t.device()));
            touches(t, ASLEEP);
            t.does("EXIT", "0", () -> Acts.exit(t.device()));
        }
        touches(t, "0");
    }

    private static void reset(Trial t) {
        TruthTable.map(t);
        touches(t, "0");
        t.bring(State.N_S);
        t.does("DEVICE_RESET", "0", () -> t.device().reset());
        touches(t, ASLEEP);
        After.N.see(t);
        touches(t, "0");
    }

    private static void command(Trial t, int set, int clear) {
        int command = t.device().readShort(Acts.CONFIG, PciRegs.PCI_COMMAND);
        t.device().writeShort(Acts.CONFIG, PciRegs.PCI_COMMAND, (short) ((command & ~clear) | set));
    }

    static void memory(Trial t, boolean on) {
        int bit = PciRegs.PCI_COMMAND_MEMORY;
        t.does(on ? "memory on" : "memory off", "0", () -> command(t, on ? bit : 0, on ? 0 : bit));
    }

    private static void memoryOff(Trial t) {
        TruthTable.map(t);
        touches(t, "0");
        memory(t, false);
        touches(t, ASLEEP);
        memory(t, true);
        touches(t, "0");
    }

    private static void memoryToggled(Trial t) {
        TruthTable.map(t);
        t.bring(State.N_A);
        memory(t, false);
        memory(t, true);
        touches(t, ASLEEP);
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        touches(t, "0");
    }

    private static void d3hot(Trial t) {
        TruthTable.map(t);
        touches(t, "0");
        t.does("PMCSR := D3hot", "0", () -> PowerRegister.request(t, PowerRegister.D3HOT));
        touches(t, ASLEEP);
        PowerRegister.toD0(t);
        touches(t, "0");
    }

    private static void d3cold(Trial t) {
        t.sleepInD3cold();
        TruthTable.map(t);
        touches(t, "0");
        t.bring(State.N_S);
        touches(t, ASLEEP);
        t.notWoken();
        t.does("EXIT", "0", () -> Acts.exit(t.device()));
        touches(t, "0");
    }

    private static void keepsOpen(Trial t) {
        MappedBar mapping = t.device().map(t.facts().mappable().orElseThrow().region());
        t.device().close();
        t.staysAwake();
        mapping.close();
        t.sleepsClosed();
    }

    private static void keepsOpenAsleep(Trial t) {
        MappedBar mapping = t.device().map(t.facts().mappable().orElseThrow().region());
        t.bring(State.W_S);
        t.device().close();
        t.notWoken();
        mapping.close();
        t.sleepsClosed();
        t.signals(0);
    }
}
