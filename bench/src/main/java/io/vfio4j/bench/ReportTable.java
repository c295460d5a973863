/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/** A report as lines of text. */
final class ReportTable {
    private static final int NAME = 24;
    private static final int SMALL = 4096;
    private static final int WANDERING = 3;

    private final int target;
    private final StringBuilder text = new StringBuilder();

    private ReportTable(BenchReport report) {
        target = report.rows().stream().mapToInt(row -> row.target().length()).max().orElse(0);
    }

    static String of(BenchReport report) {
        ReportTable table = new ReportTable(report);
        table.figures("", "", "p50 µs", "p99 µs", "slices' p50 µs", "rate", "× floor");
        String before = "";
        for (BenchRow row : report.rows()) {
            table.row(row.name().equals(before) ? "" : row.name(), row);
            before = row.name();
        }
        table.text.append(
                "%d rounds in %.1f s; %s%n"
                        .formatted(
                                report.rounds(),
                                report.elapsed().toMillis() / 1e3,
                                report.machine()));
        if (report.rows().stream().anyMatch(ReportTable::wanders)) {
            table.text.append(
                    "The floor itself was unsteady: the scheduler moved threads between processors. "
                            + "Bind the servers and this run to one processor for ratios that mean "
                            + "something."
                            + System.lineSeparator());
        }
        return table.text.toString();
    }

    /** On one processor a wake-up takes a tenth of what it takes across two. */
    private static boolean wanders(BenchRow row) {
        return row.target().equals(BenchReport.FLOOR)
                && row.bytes() <= SMALL
                && row.result() instanceof BenchResult.Measured measured
                && measured.latency().stream()
                        .anyMatch(latency -> latency.highest() > WANDERING * latency.lowest());
    }

    private void row(String name, BenchRow row) {
        switch (row.result()) {
            case BenchResult.Measured measured -> measured(name, row.target(), measured);
            case BenchResult.Failed(String why) -> line(name, row.target(), "failed: " + why);
            case BenchResult.NotAvailable(String why) ->
                    line(name, row.target(), "not available: " + why);
        }
    }

    private void measured(String name, String whose, BenchResult.Measured measured) {
        Optional<BenchResult.Latency> latency = measured.latency();
        OptionalDouble ratio = measured.floorRatio();
        figures(
                name,
                whose,
                latency.map(it -> number(it.p50())).orElse(""),
                latency.map(it -> number(it.p99())).orElse(""),
                latency.map(it -> number(it.lowest()) + " – " + number(it.highest())).orElse(""),
                rate(measured),
                ratio.isPresent() ? "%.2f".formatted(ratio.getAsDouble()) : "");
    }

    private void figures(String name, String whose, Object... columns) {
        line(name, whose, "%8s %8s %17s %11s %8s".formatted(columns));
    }

    private void line(String name, String whose, String rest) {
        String padded = "%-" + NAME + "s %-" + Math.max(1, target) + "s ";
        text.append((padded.formatted(name, whose) + rest).stripTrailing())
                .append(System.lineSeparator());
    }

    /** Three digits are as many as the machine is good for. */
    private static String number(double value) {
        int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    private static String rate(BenchResult.Measured measured) {
        boolean bytes = measured.unit().equals("B");
        double rate = measured.rate();
        if (rate >= 1e9) {
            return number(rate / 1e9) + (bytes ? " GB/s" : " G/s");
        }
        return rate >= 1e6
                ? number(rate / 1e6) + (bytes ? " MB/s" : " M/s")
                : number(rate / 1e3) + (bytes ? " kB/s" : " k/s");
    }
}
