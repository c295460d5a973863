/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.time.Duration;
import java.util.List;

/**
 * What a run has found.
 *
 * @param options of the run
 * @param rounds how many slices each row has at most
 * @param elapsed from the first warm-up to the last slice
 * @param machine where it was: processors, kernel, Java
 * @param rows row by row, for each the floor first, then the servers as they were named
 */
public record BenchReport(
        BenchOptions options, int rounds, Duration elapsed, String machine, List<BenchRow> rows) {

    /** The target's name in the floor's rows. */
    public static final String FLOOR = "floor";

    /** Keeps its own list. */
    public BenchReport {
        rows = List.copyOf(rows);
    }

    /**
     * Whether a server failed at something.
     *
     * @return true if there is a {@link BenchResult.Failed} row
     */
    public boolean failed() {
        return rows.stream().anyMatch(row -> row.result() instanceof BenchResult.Failed);
    }

    /**
     * The report for people.
     *
     * @return lines, each with its newline
     */
    public String toTable() {
        return ReportTable.of(this);
    }

    /**
     * The report for programs: an object with {@code machine}, {@code rounds}, {@code
     * elapsed_seconds} and {@code rows}. A row has {@code name}, {@code target}, {@code bytes}, and
     * either {@code failed} or {@code not_available} with the reason, or {@code rate}, {@code unit}
     * (per second), {@code p50_us}, {@code p99_us}, {@code slices_p50_us} (the tenth and the
     * ninetieth percentile of all slices' medians) and {@code floor_ratio}, as far as they apply.
     *
     * @return one line without newline
     */
    public String toJson() {
        return ReportJson.of(this);
    }
}
