/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.RuntimeControl;
import io.vfio4j.client.Target;
import io.vfio4j.client.VfioDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class PowerCommandsTest {
    private ServedEdu edu;

    @BeforeEach
    void serve() {
        edu = new ServedEdu();
    }

    @AfterEach
    void stop() {
        edu.close();
    }

    @Test
    void shouldTellTheStatusWithoutWakingTheDevice() {
        DemoScene.awaitAsleep(edu.host(), "D3cold");

        Run run = Run.of("power", "status", edu.target());

        assertThat(run.code()).isZero();
        assertThat(run.lines())
                .startsWith(
                        "power_state                   D3cold",
                        "power/runtime_status          suspended");
        JsonNode json = Run.of("power", "status", edu.target(), "--json").json();
        assertThat(json.get("power_state").asString()).isEqualTo("D3cold");
        assertThat(json.get("woken_to_ask").asBoolean()).isFalse();
        assertThat(DemoScene.status(edu.host())).isEqualTo("suspended");
    }

    @Test
    void shouldTellTheStatusOfADeviceThatAnotherClientHas() {
        try (VfioDevice _ = VfioDevice.open(new Target.VfioUser(edu.socket()))) {
            assertThat(Run.of("power", "status", edu.target()).lines())
                    .startsWith(
                            "power_state                   D0",
                            "power/runtime_status          active");
        }
    }

    @Test
    void shouldAskTheDeviceItselfWhereThereIsNoHostSide() throws IOException {
        Files.delete(Path.of(edu.control()));

        assertThat(Run.of("power", "status", edu.target()).lines())
                .containsExactly(
                        "PMCSR                         D0",
                        "(there is no host side; the device was woken to ask)");
        assertThat(
                        Run.of("power", "status", edu.target(), "--json")
                                .json()
                                .get("woken_to_ask")
                                .asBoolean())
                .isTrue();
    }

    @Test
    void shouldReportTheWakeOnceAndEnd() {
        Run.Running enter =
                Run.start("power", "enter", edu.target(), "--wakeup", "--timeout", "20s", "--json");
        await().until(() -> enter.printed().contains("asleep"));

        edu.host().setControl(RuntimeControl.ON);
        Run run = enter.end();

        assertThat(run.code()).isZero();
        assertThat(run.jsonLines())
                .extracting(line -> line.get("event").asString())
                .contains("entered", "asleep", "awake")
                .containsOnlyOnce("woken")
                .endsWith("left");
        assertThat(run.jsonLines()).extracting(line -> line.get("after_ms").asDouble()).isSorted();
        JsonNode woken =
                run.jsonLines().stream()
                        .filter(line -> line.get("event").asString().equals("woken"))
                        .findFirst()
                        .orElseThrow();
        assertThat(woken.get("signals").asInt()).isEqualTo(1);
    }

    @Test
    void shouldReportThatNoWakeCame() {
        Run run = Run.of("power", "enter", edu.target(), "--wakeup", "--timeout", "100ms");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).contains("no wake  timeout").doesNotContain("woken");
    }

    @Test
    void shouldReportThatItWasStoppedBeforeAWake() {
        Run.Running enter = Run.start("power", "enter", edu.target(), "--wakeup");
        await().until(() -> enter.printed().contains("asleep"));

        enter.stop().request();
        Run run = enter.end();

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).contains("no wake  stopped");
    }

    @Test
    void shouldLetTheDeviceSleepForAWhile() {
        Run run = Run.of("power", "enter", edu.target(), "--for", "100ms");

        assertThat(run.code()).isZero();
        // A device without delays may sleep before its client has the reply.
        assertThat(run.lines().subList(0, 2))
                .anyMatch(line -> line.contains("entered  " + edu.target() + " may sleep"));
        assertThat(run.out()).contains("asleep   D3cold");
        assertThat(run.lines().getLast()).contains("left     low power is off");
    }

    @Test
    void shouldLetTheDeviceSleepUntilStopped() {
        Run.Running enter = Run.start("power", "enter", edu.target());
        await().until(() -> enter.printed().contains("asleep"));

        // It wakes for the host and sleeps again: low power without wakeup goes on.
        edu.host().setControl(RuntimeControl.ON);
        await().until(() -> enter.printed().contains("awake"));
        edu.host().setControl(RuntimeControl.AUTO);
        await().until(() -> enter.printed().split("asleep").length == 3);
        enter.stop().request();

        assertThat(enter.end().code()).isZero();
        assertThat(enter.printed()).endsWith("low power is off\n");
    }

    @Test
    void shouldNotWaitForADeviceWhoseServerIsGone() {
        Run.Running enter = Run.start("power", "enter", edu.target(), "--wakeup");
        await().until(() -> enter.printed().contains("asleep"));

        edu.stopServing();

        assertThat(enter.end().code()).isEqualTo(1);
        assertThat(enter.end().err()).contains("the device's server is gone").hasLineCount(1);
    }

    @Test
    void shouldEndLowPower() {
        assertThat(Run.of("power", "exit", edu.target()))
                .isEqualTo(new Run(0, "low power is off: " + edu.target() + "\n", ""));
        assertThat(
                        Run.of("power", "exit", edu.target(), "--json")
                                .json()
                                .get("low_power")
                                .asString())
                .isEqualTo("off");
    }

    @Test
    void shouldPrintWhatHappensToTheDevicesPower() {
        DemoScene.awaitAsleep(edu.host(), "D3cold");
        Run.Running watch = Run.start("power", "watch", edu.target(), "--json");
        await().until(() -> watch.printed().lines().count() == 2);

        edu.host().setControl(RuntimeControl.ON);
        await().until(() -> watch.printed().contains("\"active\""));
        watch.stop().request();
        Run run = watch.end();

        assertThat(run.code()).isZero();
        assertThat(run.jsonLines())
                .extracting(
                        line -> line.get("event").asString() + " " + line.get("value").asString())
                .startsWith("power/runtime_status suspended", "power_state D3cold")
                .containsSubsequence(
                        List.of(
                                "power/runtime_status resuming",
                                "power_state D0",
                                "power/runtime_status active"));
    }

    @Test
    void shouldEndAWatchWhenTheServerEnds() {
        Run.Running watch = Run.start("power", "watch", edu.target());
        await().until(() -> watch.printed().contains("power_state"));

        edu.stopServing();

        assertThat(watch.end().code()).isEqualTo(1);
        assertThat(watch.end().err()).contains("the device's server is gone").hasLineCount(1);
    }

    @Test
    void shouldMeasureWhatSleepCosts() {
        Run run = Run.of("power", "bench", edu.target(), "--cycles", "1");

        assertThat(run.code()).isZero();
        assertThat(run.lines())
                .anyMatch(line -> line.startsWith("D3hot  entry: until suspended"))
                .anyMatch(line -> line.startsWith("D3cold  read, asleep"));
        assertThat(
                        Run.of("power", "bench", edu.target(), "--cycles", "1", "--json")
                                .json()
                                .get("rows"))
                .hasSize(14);
    }
}
