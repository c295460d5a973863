/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.util.stream.IntStream;

class SleepersCommandTest {
    /** A hundred ticks a second and device, or none: no need to measure long to tell them apart. */
    @Test
    void shouldMeasureThatSleepersNeedNoProcessor() {
        Run run =
                Run.of(
                        "bench",
                        "sleepers",
                        "--devices",
                        "5",
                        "--warm-up",
                        "300ms",
                        "--time",
                        "1s",
                        "--json");

        assertThat(run.err()).isEmpty();
        JsonNode rows = run.json().get("rows");
        assertThat(run.json().get("devices").asInt()).isEqualTo(5);
        assertThat(thermometers(rows.get(0))).as("awake").isGreaterThan(100);
        assertThat(IntStream.of(1, 2, 4).mapToObj(rows::get))
                .allSatisfy(row -> assertThat(row.get("state").asString()).startsWith("asleep"))
                .allSatisfy(row -> assertThat(thermometers(row)).isZero());
        assertThat(thermometers(rows.get(3))).as("awake again").isGreaterThan(100);
    }

    private static int thermometers(JsonNode row) {
        return row.get("wakes").path("thermometer").asInt(0);
    }
}
