/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

class BenchCommandTest {
    private static final String[] SHORT = {
        "--time", "300ms", "--warm-up", "0s", "--row", "read 4 B"
    };

    @Test
    void shouldMeasureADeviceBesideTheFloor() {
        try (ServedEdu edu = new ServedEdu()) {
            Run run = bench(edu.target());

            assertThat(run.code()).isZero();
            assertThat(run.lines()).hasSizeGreaterThanOrEqualTo(4);
            assertThat(run.lines().get(1)).startsWith("read 4 B").contains("floor");
            assertThat(run.lines().get(2)).contains(edu.target());
        }
    }

    @Test
    void shouldMeasureForPrograms() {
        try (ServedEdu edu = new ServedEdu()) {
            JsonNode rows = bench(edu.target(), "--json").json().get("rows");

            assertThat(rows).hasSize(2);
            assertThat(rows.get(1).get("target").asString()).isEqualTo(edu.target());
            assertThat(rows.get(1).get("p50_us").asDouble()).isPositive();
        }
    }

    @Test
    void shouldSayWhereNoServerIs() {
        Run run = bench("vfio-user:/nowhere/bench.sock");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .startsWith("vfio4j: ")
                .contains("/nowhere/bench.sock")
                .hasLineCount(1);
    }

    private static Run bench(String... words) {
        String[] line = new String[1 + words.length + SHORT.length];
        line[0] = "bench";
        System.arraycopy(words, 0, line, 1, words.length);
        System.arraycopy(SHORT, 0, line, 1 + words.length, SHORT.length);
        return Run.of(line);
    }
}
