/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import static io.vfio4j.conformance.State.N_A;
import static io.vfio4j.conformance.State.N_S;
import static io.vfio4j.conformance.State.OFF;
import static io.vfio4j.conformance.State.W_A;
import static io.vfio4j.conformance.State.W_S;

import io.vfio4j.client.RawFeature;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.PciRegs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The truth table, row by row and column by column. */
final class TruthTable {
    private TruthTable() {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        requests().forEach(row -> cases.addAll(row.cases()));
        accesses().forEach(row -> cases.addAll(row.cases()));
        resets().forEach(row -> cases.addAll(row.cases()));
        cases.addAll(control());
        return cases;
    }

    private static List<Row> requests() {
        return List.of(
                Row.of("entry", "ENTRY", t -> Acts.entry(t.device()))
                        .in(OFF, "0", 0, After.N)
                        .in(N_A, "EINVAL", 0, After.N)
                        .in(N_S, "EINVAL", 0, After.N)
                        .in(W_A, "EINVAL", 0, After.W)
                        .in(W_S, "0", 1, After.N),
                Row.of("wakeup", "W", t -> Acts.wakeup(t.device(), t.second()))
                        .in(OFF, "0", 0, After.SECOND)
                        .in(N_A, "EINVAL", 0, After.N)
                        .in(N_S, "EINVAL", 0, After.N)
                        .in(W_A, "EINVAL", 0, After.W)
                        .in(W_S, "0", 1, After.SECOND),
                Row.of(
                                "wakeup-bad",
                                "W with a bad payload",
                                t -> t.device().feature(Acts.wakeupRequest(Acts.NOT_OPEN, 0)))
                        .everywhere("EBADF"),
                Row.of(
                                "wakeup-minus-1",
                                "W with -1",
                                t -> t.device().feature(Acts.wakeupRequest(-1, 0)))
                        .in(W_S, "EINVAL", 1, After.OFF),
                Row.of("wakeup-null", "W with a descriptor of /dev/null", TruthTable::wakeupByNull)
                        .in(W_S, "EINVAL", 1, After.OFF),
                Row.of("exit", "EXIT", t -> Acts.exit(t.device()))
                        .in(OFF, "0", 0, After.OFF)
                        .in(N_A, "0", 0, After.OFF)
                        .in(N_S, "0", 0, After.OFF)
                        .in(W_A, "0", 0, After.OFF)
                        .in(W_S, "0", 1, After.OFF),
                Row.of(
                                "probe",
                                "PROBE",
                                t -> t.device().feature(RawFeature.of(Acts.ENTRY | Acts.PROBE)))
                        .everywhere("0"),
                Row.of("ioctl", "GET_INFO", t -> t.device().info()).everywhere("0"),
                Row.of(
                                "ioctl-fails",
                                "an unknown feature",
                                t -> t.device().feature(RawFeature.of(Acts.UNKNOWN | Acts.SET)))
                        .everywhere("ENOTTY"));
    }

    private static void wakeupByNull(Trial t) {
        try (Fd none = Fd.open(Path.of("/dev/null"), true)) {
            t.device().feature(Acts.wakeupRequest(none));
        }
    }

    private static List<Row> accesses() {
        return List.of(
                Row.of("pread", "a read of config space", t -> Acts.readConfig(t.device()))
                        .everywhere("0"),
                Row.of(
                                "pwrite",
                                "a write of config space",
                                t ->
                                        t.device()
                                                .writeByte(
                                                        Acts.CONFIG,
                                                        PciRegs.PCI_INTERRUPT_LINE,
                                                        (byte) 0x5a))
                        .everywhere("0"),
                Row.of(
                                "pread-bar",
                                "a read of a BAR",
                                t -> Acts.read(t.device(), t.facts().memoryBar().orElseThrow()))
                        .needing(Need.MEMORY_BAR)
                        .everywhere("0"),
                Row.of(
                                "pread-0",
                                "a read of no bytes",
                                t -> t.device().read(Acts.CONFIG, 0, new byte[0], 0, 0))
                        .quietly()
                        .everywhere("0"),
                Row.of(
                                "pread-bad",
                                "a read of a region that does not exist",
                                t -> t.device().readInt(Acts.NO_REGION, 0))
                        .quietly()
                        .everywhere("EINVAL"),
                Row.of("mmap", "mmap()", t -> t.owned(t.device().map(region(t))))
                        .needing(Need.MAPPABLE_BAR)
                        // What can be mapped is asked once; the question is an ioctl, and wakes.
                        .prepared(t -> t.owned(t.device().map(region(t))))
                        .quietly()
                        .everywhere("0"),
                touch("touch", "a touch of a mapping", TruthTable::mapAndTouch),
                touch("touch-unfaulted", "a touch of an untouched mapping", TruthTable::map));
    }

    private static int region(Trial t) {
        return t.facts().mappable().orElseThrow().region();
    }

    static void map(Trial t) {
        t.mapped(t.owned(t.device().map(region(t))));
    }

    private static void mapAndTouch(Trial t) {
        map(t);
        touch(t);
    }

    static void touch(Trial t) {
        int _ = t.mapped().getInt(t.facts().mappable().orElseThrow().offset());
    }

    private static Row touch(String id, String title, Consumer<Trial> prepare) {
        String gone = "BarAsleep";
        return Row.of(id, title, TruthTable::touch)
                .needing(Need.MAPPABLE_BAR)
                .prepared(prepare)
                .quietly()
                .in(OFF, "0", 0, After.OFF)
                .in(N_A, gone, 0, After.N)
                .in(N_S, gone, 0, After.N)
                .in(W_A, gone, 0, After.W)
                .in(W_S, gone, 0, After.W);
    }

    private static List<Row> resets() {
        return List.of(
                Row.of("reset", "DEVICE_RESET", t -> t.device().reset())
                        .needing(Need.RESET)
                        .everywhere("0"),
                Row.of("hot-reset", "HOT_RESET", TruthTable::hotReset)
                        .needing(Need.HOT_RESET)
                        .everywhere("0"),
                Row.of(
                                "close-duplicate",
                                "close of a duplicate",
                                t -> t.device().descriptor().orElseThrow().duplicate().close())
                        .needing(Need.DESCRIPTOR)
                        .quietly()
                        .everywhere("0"));
    }

    /** A slot may offer a reset and refuse it: that is told only by trying, and the same in OFF. */
    private static void hotReset(Trial t) {
        try {
            t.device().hotReset(List.of());
        } catch (VfioException refused) {
            if (refused.errno().equals(Errno.ENOTTY)) {
                Acts.exit(t.device());
                if (Trial.outcome(() -> t.device().hotReset(List.of())).equals("ENOTTY")) {
                    throw new Trial.Inapplicable("the slot refuses its reset, engaged or not");
                }
            }
            throw refused;
        }
    }

    /**
     * Held by power/control itself, so its cells are seen another way. Without N-A and W-A: nothing
     * else makes these last, so there it would be written over itself.
     */
    private static List<Case> control() {
        List<Case> cases = new ArrayList<>();
        for (State state : List.of(OFF, N_S, W_S)) {
            cases.add(
                    Case.of(
                            "T.control-on." + state,
                            "power/control = on in " + state,
                            "truth table, control=on, " + state,
                            t -> controlOn(t, state)));
        }
        return cases;
    }

    private static void controlOn(Trial t, State state) {
        t.bring(state);
        t.does("control = on", "0", t::hold);
        t.signals(state == W_S ? 1 : 0);
        boolean off = !state.engaged() || state == W_S;
        t.held(off ? 2 : 1);
        (off ? After.OFF : After.N).see(t);
    }
}
