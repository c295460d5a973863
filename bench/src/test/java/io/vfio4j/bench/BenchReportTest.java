/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

class BenchReportTest {
    private static final String SERVER = "vfio-user:/run/a";

    private static final BenchReport REPORT =
            report(
                    new BenchRow("read 4 B", BenchReport.FLOOR, 4, latency(5.064, 8.1, 123_456)),
                    new BenchRow("read 4 B", SERVER, 4, latency(5.2, 12.34, 118_000, 1.0272)),
                    new BenchRow(
                            "posted write 4 B",
                            SERVER,
                            4,
                            new BenchResult.Measured(
                                    Optional.empty(), 1_250_000, "ops", OptionalDouble.of(1.5))),
                    new BenchRow(
                            "read 1 MiB",
                            SERVER,
                            1 << 20,
                            new BenchResult.Measured(
                                    Optional.of(new BenchResult.Latency(123, 456, 120, 130)),
                                    7.3e9,
                                    "B",
                                    OptionalDouble.of(2))),
                    new BenchRow(
                            "write 1 MiB", SERVER, 1 << 20, new BenchResult.Failed("EINVAL (22)")),
                    new BenchRow("interrupt", SERVER, 4, new BenchResult.NotAvailable("no MSI-X")));

    @Test
    void shouldPrintOneLineARowAndEachNameOnce() {
        assertThat(REPORT.toTable().lines())
                .containsExactly(
                        "                                            p50 µs   p99 µs    slices' p50 µs        rate  × floor",
                        "read 4 B                 floor                5.06     8.10       4.00 – 6.00     123 k/s",
                        "                         vfio-user:/run/a     5.20     12.3       4.00 – 6.00     118 k/s     1.03",
                        "posted write 4 B         vfio-user:/run/a                                        1.25 M/s     1.50",
                        "read 1 MiB               vfio-user:/run/a      123      456         120 – 130   7.30 GB/s     2.00",
                        "write 1 MiB              vfio-user:/run/a failed: EINVAL (22)",
                        "interrupt                vfio-user:/run/a not available: no MSI-X",
                        "7 rounds in 1.5 s; 2 processors");
    }

    @Test
    void shouldWarnOfAnUnsteadyFloor() {
        assertThat(REPORT.toTable()).doesNotContain("unsteady");
        BenchResult wandering =
                new BenchResult.Measured(
                        Optional.of(new BenchResult.Latency(5, 60, 5, 55)),
                        1e5,
                        "ops",
                        OptionalDouble.empty());
        assertThat(report(new BenchRow("read 4 B", BenchReport.FLOOR, 4, wandering)).toTable())
                .contains("unsteady", "Bind");
    }

    @Test
    void shouldPrintJsonWithWhatThereIs() {
        assertThat(REPORT.toJson())
                .isEqualTo(
                        """
                        {"machine":"2 processors","rounds":7,"elapsed_seconds":1.5,"rows":[\
                        {"name":"read 4 B","target":"floor","bytes":4,"p50_us":5.064,\
                        "p99_us":8.1,"slices_p50_us":[4.0,6.0],"rate":123456,"unit":"ops"},\
                        {"name":"read 4 B","target":"vfio-user:/run/a","bytes":4,"p50_us":5.2,\
                        "p99_us":12.34,"slices_p50_us":[4.0,6.0],"rate":118000,"unit":"ops",\
                        "floor_ratio":1.027},\
                        {"name":"posted write 4 B","target":"vfio-user:/run/a","bytes":4,\
                        "rate":1250000,"unit":"ops","floor_ratio":1.5},\
                        {"name":"read 1 MiB","target":"vfio-user:/run/a","bytes":1048576,\
                        "p50_us":123.0,"p99_us":456.0,"slices_p50_us":[120.0,130.0],\
                        "rate":7300000000,"unit":"B","floor_ratio":2.0},\
                        {"name":"write 1 MiB","target":"vfio-user:/run/a","bytes":1048576,\
                        "failed":"EINVAL (22)"},\
                        {"name":"interrupt","target":"vfio-user:/run/a","bytes":4,\
                        "not_available":"no MSI-X"}]}\
                        """);
    }

    @Test
    void shouldKnowWhetherAServerFailed() {
        assertThat(REPORT.failed()).isTrue();
        assertThat(report(REPORT.rows().getLast()).failed()).isFalse();
    }

    private static BenchReport report(BenchRow... rows) {
        return new BenchReport(
                BenchOptions.of(List.of(Path.of("/run/a"))),
                7,
                Duration.ofMillis(1500),
                "2 processors",
                List.of(rows));
    }

    private static BenchResult latency(double p50, double p99, double rate, double... ratio) {
        return new BenchResult.Measured(
                Optional.of(new BenchResult.Latency(p50, p99, 4, 6)),
                rate,
                "ops",
                ratio.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(ratio[0]));
    }
}
