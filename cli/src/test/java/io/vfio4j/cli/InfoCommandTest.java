/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.client.VfioDevice;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.JsonNode;

class InfoCommandTest {
    private static ServedEdu edu;

    @BeforeAll
    static void serve() {
        edu = new ServedEdu();
    }

    @AfterAll
    static void stop() {
        edu.close();
    }

    /** Keeping for the next client what one has left there. */
    @BeforeEach
    void asleep() {
        VfioDevice.open(edu.target()).close();
        DemoScene.awaitAsleep(edu.host(), "D3hot");
    }

    @Test
    void shouldTellPeopleAllAboutTheDevice() {
        Run run = Run.of("info", edu.target());

        assertThat(run.code()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.lines())
                .startsWith(edu.target())
                .contains(
                        "  1234:11e8, class 00ff00, revision 10, subsystem 1af4:1100; PCI, can be reset")
                .contains(
                        "  0x040  Power Management         version 3, D0 D3hot, now D0, keeps its registers in D3hot,"
                                + " PME from D0 D3hot D3cold with 55 mA of auxiliary power")
                .contains("  5  PME               1  eventfd, noresize")
                .contains(
                        "  2  BAR2         64 KiB  read, write, map [0x0, 0x10000), capabilities sparse_mmap")
                .contains("  0  INTx              1  eventfd, maskable, automasked")
                .contains("   4  LOW_POWER_ENTRY_WITH_WAKEUP")
                .contains("  not: 0 1 2 6 7 8 9 10 11 12 13 (of 0 to 13)")
                .anyMatch(line -> line.startsWith("  D3hot, suspended; usage 0, control auto"));
        assertThat(run.out())
                .contains("MSI-X")
                .contains("4 vectors, table BAR4+0x0")
                .contains("PCI Express");
    }

    @Test
    void shouldTellProgramsTheSame() {
        JsonNode info = Run.of("info", edu.target(), "--json").json();

        assertThat(info.get("target").asString()).isEqualTo(edu.target());
        assertThat(info.get("vendor").asString()).isEqualTo("0x1234");
        assertThat(info.get("class").asString()).isEqualTo("0x00ff00");
        assertThat(info.get("pmcsr").asString()).isEqualTo("D0");
        assertThat(info.get("power_before").get("power_state").asString()).isEqualTo("D3hot");
        assertThat(info.get("power_before").get("power/runtime_usage").asInt()).isZero();
        assertThat(info.get("regions")).hasSize(9);
        assertThat(info.get("regions").get(2).get("mappable").get(0).get("size").asLong())
                .isEqualTo(65536);
        assertThat(info.get("interrupts").get(2).get("count").asInt()).isEqualTo(4);
        assertThat(info.get("features").get("LOW_POWER_ENTRY").asBoolean()).isTrue();
        assertThat(info.get("features").get("MIGRATION").asBoolean()).isFalse();
        assertThat(info.get("capabilities").get(0).get("name").asString())
                .isEqualTo("Power Management");
    }

    @ParameterizedTest
    @CsvSource({
        "1,1 B",
        "1023,1023 B",
        "1024,1 KiB",
        "65536,64 KiB",
        "1536,1536 B",
        "1099511627776,1 TiB"
    })
    void shouldWriteSizesInTheLargestUnitThatDividesThem(long bytes, String text) {
        assertThat(InfoText.size(bytes)).isEqualTo(text);
    }
}
