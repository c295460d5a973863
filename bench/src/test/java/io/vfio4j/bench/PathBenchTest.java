/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.OpenOptions;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.models.Edu;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;

class PathBenchTest {
    private static final Duration SHORT = Duration.ofMillis(1);

    private final ServedBench edu = new ServedBench(new Edu());
    private final ServedBench stranger = new ServedBench();

    @AfterEach
    void close() {
        edu.close();
        stranger.close();
    }

    private static Target target(ServedBench served) {
        return new Target.VfioUser(served.socket());
    }

    private static PathReport run(List<Target> targets) {
        return PathBench.run(targets, OpenOptions.DEFAULTS, SHORT, () -> false);
    }

    @Test
    void shouldMeasureEachWayThatADeviceHas() {
        PathReport report = run(List.of(target(edu)));

        // Its interrupt is raised by a register that is not mapped.
        assertThat(report.rows())
                .extracting(PathReport.Row::name)
                .containsExactly(
                        "mapped register, read",
                        "mapped register, written",
                        "device's DMA, 4 KiB there and back",
                        "register, read by request",
                        "configuration space, read",
                        "trigger by request to interrupt",
                        "DMA window, 2 MiB, given and taken");
        assertThat(report.rows())
                .allSatisfy(row -> {
                    assertThat(row.median()).isBetween(row.least(), row.most()).isPositive();
                    assertThat(row.ratio()).isEmpty();
                });
    }

    @Test
    void shouldFindAMappingCheaperThanARequest() {
        List<PathReport.Row> rows = run(List.of(target(edu))).rows();

        assertThat(rows.getFirst().median() * 10).isLessThan(rows.get(3).median());
    }

    @Test
    void shouldCompareEachTargetWithTheFirst() {
        PathReport report = run(List.of(target(edu), target(stranger)));

        assertThat(report.rows())
                .filteredOn(row -> row.name().equals("configuration space, read"))
                .hasSize(2)
                .last()
                .satisfies(row -> {
                    assertThat(row.target()).isEqualTo(target(stranger).toString());
                    assertThat(row.ratio()).hasValueSatisfying(it -> assertThat(it).isPositive());
                });
        // Nothing is written to a device that is not known.
        assertThat(report.rows())
                .filteredOn(row -> row.name().startsWith("mapped"))
                .extracting(PathReport.Row::target)
                .containsOnly(target(edu).toString());
    }

    @Test
    void shouldSayWhatTheRegistersAreMappedFrom() {
        PathReport report = run(List.of(target(edu), target(stranger)));

        assertThat(report.toTable())
                .containsPattern(target(edu) + ": registers are mapped from /memfd:\\S+")
                .contains(target(stranger) + ": registers are mapped from nothing");
        assertThat(report.toJson()).contains("\"mapped_from\":\"/memfd:", "\"ratio\":");
    }

    @Test
    void shouldLeaveTheDeviceToTheNext() {
        assertThat(run(List.of(target(edu))).rows()).isNotEmpty();

        try (VfioDevice device = VfioDevice.open(target(edu))) {
            assertThat(device.readInt(0, 0)).isEqualTo(0x010000ed);
        }
    }

    @Test
    void shouldEndEarlyWhenStopped() {
        assertThatThrownBy(() ->
                        PathBench.run(
                                List.of(target(edu)),
                                OpenOptions.DEFAULTS,
                                Duration.ofHours(1),
                                () -> true))
                .isInstanceOf(BenchException.class)
                .hasMessage("stopped before there was anything to report");
    }
}
