/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

class DemoCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Terminal terminal =
            new Terminal(new PrintStream(out, true, StandardCharsets.UTF_8), System.err, Stop::new);

    @Test
    void shouldWalkTheWholeContract() {
        Run run = Run.of("demo");

        assertThat(run.out()).doesNotContain("FAILED");
        assertThat(run.lines().getLast()).startsWith("ok: 21 steps in ");
        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
    }

    @Test
    void shouldMeasureTheDelaysOfTheSpecification() {
        JsonNode demo = Run.of("demo", "--json").json();

        assertThat(demo.get("ok").asBoolean()).isTrue();
        assertThat(took(demo, "enter low power")).isGreaterThanOrEqualTo(10);
        assertThat(took(demo, "read a register")).isGreaterThanOrEqualTo(100);
        assertThat(demo.get("total_ms").asDouble()).isLessThan(10_000);
    }

    private static double took(JsonNode demo, String step) {
        for (JsonNode candidate : demo.get("steps")) {
            if (candidate.get("step").asString().equals(step)) {
                return candidate.get("took_ms").asDouble();
            }
        }
        throw new AssertionError("no step " + step);
    }

    @Test
    void shouldSayWhatAStepExpectedAndGoOn() {
        DemoTimeline timeline = new DemoTimeline(false, terminal);

        timeline.step("sleep", "B3", step -> step.expect("power_state", "D3cold", "D0"));
        timeline.step("wake", "B3", step -> step.see("awake"));
        Exit exit = timeline.end();

        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("FAILED (spec B3)")
                .contains("power_state is D0, expected D3cold")
                .contains("awake")
                .endsWith("FAILED: 1 of 2 steps\n");
        assertThat(exit.code()).isEqualTo(1);
    }

    @Test
    void shouldRunNothingAfterAStepThatCouldNotBeDone() {
        DemoTimeline timeline = new DemoTimeline(false, terminal);

        timeline.step(
                "open",
                "B2",
                step -> {
                    throw new CommandException("nobody listens");
                });
        timeline.step("wake", "B3", step -> step.see("awake"));
        Exit exit = timeline.end();

        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("nobody listens")
                .doesNotContain("awake")
                .contains("those after the last were not run");
        assertThat(exit.code()).isEqualTo(1);
    }
}
