/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import static io.vfio4j.power.ContractState.N_A;
import static io.vfio4j.power.ContractState.N_S;
import static io.vfio4j.power.ContractState.OFF;
import static io.vfio4j.power.ContractState.W_A;
import static io.vfio4j.power.ContractState.W_S;
import static io.vfio4j.power.DeviceUnderTest.D3COLD;
import static io.vfio4j.power.DeviceUnderTest.D3HOT;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The truth table (spec, "Truth table"), in its order and its words: a row is a request, a column
 * the state before it. Where the table has "-", the cell says what this machine does anyway.
 *
 * <p>Three rows are not here, because nobody asks this machine about them and it could not get them
 * wrong: "pread n=0 / bad region" (spec B5: answered before any access is taken), "mmap()" and
 * "close of non-last fd/dup". They are decided by the server, and tested over the wire, in every
 * column, by its {@code UnwrappedRequestsTest}.
 */
class TruthTableTest {
    private static final int EINVAL = Refusal.EINVAL.errno();
    private static final int EBADF = Refusal.EBADF.errno();
    private static final int ENOTTY = Refusal.ENOTTY.errno();

    private static final List<ContractState> COLUMNS = List.of(OFF, N_A, N_S, W_A, W_S);

    /** A request; returns 0 or an errno. */
    private interface Request {
        int apply(DeviceUnderTest device);
    }

    private record Variant(String name, PowerConfig config, Request request, int errno) {}

    /** What the table says of a cell, and what it comes to. */
    private static final class Cell {
        private final String words;
        private int errno = -1;
        private ContractState now = OFF;
        private ContractState later = OFF;
        private int signals;
        private int drops;
        private int wakes;
        private Consumer<DeviceUnderTest> rightAfter = device -> {};
        private Consumer<DeviceUnderTest> afterDraining = device -> {};

        private Cell(String words) {
            this.words = words;
        }

        Cell errno(int value) {
            errno = value;
            return this;
        }

        Cell now(ContractState value) {
            now = value;
            later = value;
            return this;
        }

        Cell later(ContractState value) {
            later = value;
            return this;
        }

        Cell signals(int value) {
            signals = value;
            return this;
        }

        Cell drops(int value) {
            drops = value;
            return this;
        }

        Cell wakes(int value) {
            wakes = value;
            return this;
        }

        Cell rightAfter(Consumer<DeviceUnderTest> check) {
            rightAfter = check;
            return this;
        }

        Cell afterDraining(Consumer<DeviceUnderTest> check) {
            afterDraining = check;
            return this;
        }
    }

    /** A row, or the part of one whose variants end alike. */
    private record Row(String name, List<Variant> variants, List<Cell> cells) {}

    // Cells that come up again and again.

    private static Cell off(String words) {
        return new Cell(words).now(OFF);
    }

    private static Cell na(String words) {
        return new Cell(words).now(N_A).later(N_S);
    }

    private static Cell wakesAndResuspends(String words) {
        return new Cell(words).now(N_A).later(N_S).wakes(1);
    }

    private static Cell staysNs(String words) {
        return new Cell(words).now(N_S);
    }

    private static Cell wa(String words) {
        return new Cell(words).now(W_A).later(W_S);
    }

    private static Cell signalled(String words) {
        return new Cell(words).now(OFF).wakes(1).signals(1);
    }

    private static Cell staysWs(String words) {
        return new Cell(words).now(W_S);
    }

    // Requests.

    private static int feature(DeviceUnderTest device, FeatureRequest request) {
        Verdict verdict =
                new LowPowerFeatures(device.power, FeatureSupport.lowPowerOnly(Profile.LINUX_7_3))
                        .request(request, () -> device.newWakeup, p -> p);
        return verdict instanceof Verdict.Refused(Refusal why, int _) ? why.errno() : 0;
    }

    private static int within(DeviceUnderTest device, Consumer<Access> body) {
        try (Access access = device.power.access()) {
            body.accept(access);
            return 0;
        } catch (PowerException e) {
            return e.refusal().errno();
        }
    }

    private static int done(Runnable body) {
        body.run();
        return 0;
    }

    private static Variant variant(String name, Request request) {
        return new Variant(name, D3HOT, request, 0);
    }

    private static Variant refused(String name, int errno, Request request) {
        return new Variant(name, D3HOT, request, errno);
    }

    private static Request request(Consumer<RawRequest> how) {
        return device -> {
            RawRequest raw = new RawRequest();
            how.accept(raw);
            return feature(device, raw);
        };
    }

    private static List<Row> table() {
        List<Row> rows = new ArrayList<>();
        rows.add(
                new Row(
                        "ENTRY",
                        List.of(variant("ENTRY", request(RawRequest::entry))),
                        List.of(
                                na("0 -> N-A, later N-S").errno(0),
                                na("EINVAL").errno(EINVAL),
                                wakesAndResuspends("EINVAL; wakes, back to N-S").errno(EINVAL),
                                wa("EINVAL").errno(EINVAL),
                                new Cell("0; old eventfd +1; -> N-A, later N-S")
                                        .errno(0)
                                        .now(N_A)
                                        .later(N_S)
                                        .wakes(1)
                                        .signals(1))));
        rows.add(
                new Row(
                        "W(good fd)",
                        List.of(variant("W", request(RawRequest::entryWithWakeup))),
                        List.of(
                                wa("0 -> W-A, later W-S").errno(0),
                                na("EINVAL").errno(EINVAL),
                                wakesAndResuspends("EINVAL; wakes, back to N-S; new fd untouched")
                                        .errno(EINVAL),
                                wa("EINVAL").errno(EINVAL),
                                new Cell("0; old +1; -> W-A with new fd")
                                        .errno(0)
                                        .now(W_A)
                                        .later(W_S)
                                        .wakes(1)
                                        .signals(1)
                                        .afterDraining(TruthTableTest::nextWakeIsTheNewFds))));
        rows.add(
                new Row(
                        "W(bad payload)",
                        List.of(
                                refused(
                                        "wakeup_eventfd -1",
                                        EINVAL,
                                        request(r -> r.entryWithWakeup().field = -1)),
                                refused(
                                        "not an eventfd",
                                        EINVAL,
                                        request(r ->
                                                r.entryWithWakeup().kind =
                                                        DescriptorKind.NOT_EVENTFD)),
                                refused(
                                        "not open",
                                        EBADF,
                                        request(r ->
                                                r.entryWithWakeup().kind =
                                                        DescriptorKind.NOT_OPEN)),
                                refused(
                                        "payload too short",
                                        EINVAL,
                                        request(r -> r.entryWithWakeup().argsz = 15)),
                                refused(
                                        "payload missing",
                                        Refusal.EFAULT.errno(),
                                        request(r -> r.entryWithWakeup().available = 15))),
                        List.of(
                                off("error of A2, no change"),
                                na("same"),
                                wakesAndResuspends("wakes, re-suspends"),
                                wa("same"),
                                signalled("error, but old +1, -> OFF"))));
        rows.add(
                new Row(
                        "EXIT",
                        List.of(variant("EXIT", request(RawRequest::exit))),
                        List.of(
                                off("0 no-op"),
                                off("0 -> OFF, no signal"),
                                off("0; wakes -> OFF, no signal").wakes(1),
                                off("0 -> OFF, no signal").drops(1),
                                signalled("0; +1, -> OFF"))));
        rows.add(
                new Row(
                        "PROBE / any other ioctl / failing ioctl",
                        List.of(
                                variant(
                                        "PROBE",
                                        request(r ->
                                                r.entry().flags = 3 | FeatureChecks.FLAG_PROBE)),
                                // All that this machine sees of one.
                                variant("any other ioctl", d -> within(d, a -> {})),
                                refused(
                                        "failing ioctl",
                                        ENOTTY,
                                        request(r ->
                                                r.entry().flags = 99 | FeatureChecks.FLAG_SET))),
                        List.of(
                                off("normal"),
                                na("normal, stays"),
                                wakesAndResuspends("normal; re-suspends"),
                                wa("normal, no signal, stays"),
                                signalled("normal result; +1; -> OFF"))));
        rows.add(
                new Row(
                        "pread/pwrite (n>0, valid region)",
                        List.of(
                                variant(
                                        "BAR",
                                        d ->
                                                within(
                                                        d,
                                                        a ->
                                                                assertThat(a.memoryAccessible())
                                                                        .isTrue()))),
                        List.of(
                                off("normal"),
                                na("normal"),
                                wakesAndResuspends("wakes, normal, re-suspends"),
                                wa("normal, no signal"),
                                signalled("normal; +1; -> OFF"))));
        // What the device layer was told last is what a touch meets.
        Request touch = d -> d.actions.mapped ? 0 : 7;
        rows.add(
                new Row(
                        "touch BAR mapping",
                        List.of(variant("touch", touch)),
                        List.of(
                                off("works (SIGBUS if mem off/D3)")
                                        .errno(0)
                                        .afterDraining(TruthTableTest::faultsIfMemOffOrD3),
                                na("SIGBUS").errno(7),
                                staysNs("SIGBUS, no wake").errno(7),
                                wa("SIGBUS").errno(7),
                                staysWs("SIGBUS, no wake, no signal").errno(7))));
        rows.add(
                new Row(
                        "ioeventfd kick (mem BAR)",
                        List.of(
                                new Variant("D3hot", D3HOT, TruthTableTest::kick, 0),
                                new Variant("D3cold", D3COLD, TruthTableTest::kick, 0)),
                        List.of(
                                off("written").rightAfter(d -> written(d, 1)),
                                na("written").rightAfter(d -> written(d, 1)),
                                staysNs("dropped").rightAfter(d -> written(d, 0)),
                                wa("written").rightAfter(d -> written(d, 1)),
                                staysWs("dropped, no signal").rightAfter(d -> written(d, 0)))));
        rows.add(
                new Row(
                        "PMCSR := D3hot",
                        List.of(
                                variant(
                                        "D3hot",
                                        d -> within(d, a -> a.writePmcsr(PciPowerState.D3HOT)))),
                        List.of(
                                off("D3hot, usage same")
                                        .afterDraining(d -> {
                                            assertThat(d.power.userState())
                                                    .isEqualTo(PciPowerState.D3HOT);
                                            assertThat(d.power.usage()).isEqualTo(1);
                                            assertThat(d.power.runtimeStatus()).isEqualTo("active");
                                        }),
                                na("D3hot until suspend")
                                        .rightAfter(TruthTableTest::inD3hot)
                                        .afterDraining(TruthTableTest::d3hotLost),
                                wakesAndResuspends("wakes; D3hot lost at next suspend")
                                        .rightAfter(TruthTableTest::inD3hot)
                                        .afterDraining(TruthTableTest::d3hotLost),
                                wa("as N-A")
                                        .rightAfter(TruthTableTest::inD3hot)
                                        .afterDraining(TruthTableTest::d3hotLost),
                                signalled("+1 -> OFF, D3hot")
                                        .afterDraining(TruthTableTest::inD3hot))));
        rows.add(
                new Row(
                        "DEVICE_RESET",
                        List.of(variant("reset", d -> within(d, Access::deviceReset))),
                        List.of(
                                off("0").rightAfter(TruthTableTest::wasReset),
                                na("0, stays").rightAfter(TruthTableTest::wasReset),
                                wakesAndResuspends("0; wakes, stays N")
                                        .rightAfter(TruthTableTest::wasReset),
                                wa("0, stays").rightAfter(TruthTableTest::wasReset),
                                signalled("0; +1; -> OFF").rightAfter(TruthTableTest::wasReset))));
        rows.add(
                new Row(
                        "HOT_RESET (self or sibling)",
                        List.of(
                                variant(
                                        "self",
                                        d -> done(() -> DevicePower.hotReset(List.of(d.power)))),
                                variant("sibling", TruthTableTest::hotResetOfSibling)),
                        List.of(
                                off("- (here: reset, usage as before)")
                                        .rightAfter(TruthTableTest::wasReset),
                                na("stays N").rightAfter(TruthTableTest::wasReset),
                                wakesAndResuspends("wakes, stays N")
                                        .rightAfter(TruthTableTest::wasReset),
                                wa("stays W").rightAfter(TruthTableTest::wasReset),
                                signalled("+1; -> OFF").rightAfter(TruthTableTest::wasReset))));
        rows.add(
                new Row(
                        "control=on",
                        List.of(variant("on", d -> done(d.power.host()::controlOn))),
                        List.of(
                                off("usage+1").rightAfter(d -> usage(d, 2)),
                                new Cell("stays awake").now(N_A).rightAfter(d -> usage(d, 1)),
                                new Cell("wakes; stays N-A").now(N_A).wakes(1),
                                new Cell("stays W-A").now(W_A),
                                signalled("+1; -> OFF"))));
        rows.add(
                new Row(
                        "lspci/config read",
                        List.of(variant("config", TruthTableTest::lspci)),
                        List.of(
                                off("- (here: no wake)"),
                                na("- (here: no wake)"),
                                staysNs("D3hot: no wake"),
                                wa("- (here: no wake)"),
                                staysWs("D3hot: no"))));
        rows.add(
                new Row(
                        "lspci/config read",
                        List.of(new Variant("config", D3COLD, TruthTableTest::lspci, 0)),
                        List.of(
                                off("- (here: no wake)"),
                                na("- (here: no wake)"),
                                wakesAndResuspends("D3cold: wake then re-suspend"),
                                wa("- (here: no wake)"),
                                signalled("D3cold: +1 -> OFF"))));
        rows.add(
                new Row(
                        "d3cold_allowed/reset/sriov_numvfs write, unbind",
                        List.of(
                                variant(
                                        "d3cold_allowed=0",
                                        d -> done(() -> d.power.host().writeD3coldAllowed(false))),
                                variant(
                                        "d3cold_allowed=1",
                                        d -> done(() -> d.power.host().writeD3coldAllowed(true))),
                                variant("reset", d -> done(d.power.host()::reset)),
                                variant("sriov_numvfs=0", d -> done(d.power.host()::disableVfs))),
                        List.of(
                                off("- (here: done)"),
                                na("- (here: done, stays)"),
                                wakesAndResuspends("wakes"),
                                wa("- (here: done, stays)"),
                                signalled("+1; -> OFF"))));
        rows.add(
                new Row(
                        "d3cold_allowed/reset/sriov_numvfs write, unbind",
                        List.of(
                                variant(
                                        "sriov_numvfs=1",
                                        d -> done(() -> d.power.host().enableVfs(1))),
                                variant("unbind", d -> done(d.power.host()::unbind))),
                        List.of(
                                off("- (here: held awake)").rightAfter(d -> usage(d, 2)),
                                new Cell("- (here: held awake, stays)").now(N_A),
                                new Cell("wakes").now(N_A).wakes(1),
                                new Cell("- (here: held awake, stays)").now(W_A),
                                signalled("+1; -> OFF"))));
        rows.add(
                new Row(
                        "last close",
                        List.of(variant("close", d -> done(d.power::lastClose))),
                        List.of(
                                off("closed, idles").afterDraining(TruthTableTest::closed),
                                off("-> closed, no signal").afterDraining(TruthTableTest::closed),
                                off("wakes, closed").wakes(1).afterDraining(TruthTableTest::closed),
                                off("closed, no signal")
                                        .drops(1)
                                        .afterDraining(TruthTableTest::closed),
                                off("closed, no signal")
                                        .wakes(1)
                                        .drops(1)
                                        .afterDraining(TruthTableTest::closed))));
        return rows;
    }

    static Stream<Arguments> cells() {
        Map<String, List<Row>> rows =
                table().stream()
                        .collect(
                                Collectors.groupingBy(
                                        Row::name, LinkedHashMap::new, Collectors.toList()));
        return rows.entrySet().stream()
                .flatMap(row ->
                        Stream.iterate(0, c -> c < COLUMNS.size(), c -> c + 1)
                                .map(c -> cell(row.getKey(), row.getValue(), c)));
    }

    private static Arguments cell(String row, List<Row> parts, int column) {
        ContractState before = COLUMNS.get(column);
        String words =
                parts.stream()
                        .map(part -> part.cells().get(column).words)
                        .distinct()
                        .collect(Collectors.joining("; "));
        Runnable check = () -> parts.forEach(part -> check(part, before, part.cells().get(column)));
        return argumentSet(row + " / " + before.specName() + ": " + words, check);
    }

    @ParameterizedTest(name = "{argumentSetName}")
    @MethodSource("cells")
    void shouldBehaveAsTheTableSays(Runnable cell) {
        cell.run();
    }

    private static void check(Row row, ContractState before, Cell cell) {
        for (Variant variant : row.variants()) {
            DeviceUnderTest device = DeviceUnderTest.in(before, variant.config());
            int expected = cell.errno >= 0 ? cell.errno : variant.errno();

            int errno = variant.request().apply(device);

            assertThat(errno).as("errno of %s", variant.name()).isEqualTo(expected);
            assertThat(device.power.contractState())
                    .as("state after %s", variant.name())
                    .isEqualTo(cell.now);
            assertThat(device.wakes()).as("wakes by %s", variant.name()).isEqualTo(cell.wakes);
            assertThat(device.oldWakeup.signals).as("old eventfd").hasValue(cell.signals);
            assertThat(device.oldWakeup.drops).as("old eventfd dropped").hasValue(cell.drops);
            assertThat(device.newWakeup.endings()).as("new eventfd").isZero();
            assertThat(device.power.state().inFlight()).as("B2 equation").isZero();
            assertThat(device.actions.mapped)
                    .as("mappings")
                    .isEqualTo(device.power.mappingsAccessible());
            cell.rightAfter.accept(device);

            device.queue.drain();

            assertThat(device.power.contractState())
                    .as("state later, after %s", variant.name())
                    .isEqualTo(cell.later);
            assertThat(device.oldWakeup.signals).as("old eventfd, later").hasValue(cell.signals);
            assertThat(device.power.state().inFlight()).as("B2 equation, later").isZero();
            cell.afterDraining.accept(device);
            assertThat(device.actions.count("WARN")).isZero();
        }
    }

    @Test
    void shouldCoverEveryColumnOfTheFifteenRowsThatReachPower() {
        assertThat(table()).allSatisfy(row -> assertThat(row.cells()).hasSize(COLUMNS.size()));
        assertThat(cells()).hasSize(15 * COLUMNS.size());
    }

    // What the words mean.

    private static void nextWakeIsTheNewFds(DeviceUnderTest device) {
        device.touch();
        assertThat(device.newWakeup.signals).hasValue(1);
        assertThat(device.oldWakeup.signals).hasValue(1);
    }

    private static void faultsIfMemOffOrD3(DeviceUnderTest device) {
        device.power.setMemoryEnabled(false);
        assertThat(device.power.mappingsAccessible()).isFalse();
        assertThat(device.actions.mapped).isFalse();
        device.power.setMemoryEnabled(true);
        assertThat(device.actions.mapped).isTrue();
        device.writePmcsr(PciPowerState.D3HOT);
        assertThat(device.power.mappingsAccessible()).isFalse();
        assertThat(device.actions.mapped).isFalse();
    }

    private static int kick(DeviceUnderTest device) {
        device.power.ioeventfdKick(() -> device.actions.record("ioeventfd write"));
        return 0;
    }

    private static void written(DeviceUnderTest device, int times) {
        assertThat(device.actions.count("ioeventfd write")).isEqualTo(times);
    }

    private static void inD3hot(DeviceUnderTest device) {
        assertThat(device.power.userState()).isEqualTo(PciPowerState.D3HOT);
        assertThat(device.power.powerState()).isEqualTo(PciPowerState.D3HOT);
        assertThat(device.power.memoryAccessible()).isFalse();
    }

    private static void d3hotLost(DeviceUnderTest device) {
        assertThat(device.power.userState()).isEqualTo(PciPowerState.D0);
        device.touch();
        assertThat(device.power.userState()).isEqualTo(PciPowerState.D0);
        assertThat(device.power.memoryAccessible()).isTrue();
    }

    private static void wasReset(DeviceUnderTest device) {
        assertThat(device.actions.count("reset")).isEqualTo(1);
        assertThat(device.power.userState()).isEqualTo(PciPowerState.D0);
    }

    private static int hotResetOfSibling(DeviceUnderTest device) {
        DeviceUnderTest sibling = DeviceUnderTest.open(D3HOT);
        DevicePower.hotReset(List.of(sibling.power, device.power));
        return 0;
    }

    private static int lspci(DeviceUnderTest device) {
        device.power.host().configAccess().close();
        return 0;
    }

    private static void usage(DeviceUnderTest device, int expected) {
        assertThat(device.power.usage()).isEqualTo(expected);
    }

    private static void closed(DeviceUnderTest device) {
        assertThat(device.power.state().contract().open()).isFalse();
        assertThat(device.power.usage()).isZero();
        assertThat(device.power.runtimeStatus()).isEqualTo("suspended");
        assertThat(device.actions.count("tear down")).isEqualTo(1);
    }
}
