/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HostCommandTest {
    private static ServedEdu edu;

    @BeforeAll
    static void serve() {
        edu = new ServedEdu();
    }

    @AfterAll
    static void stop() {
        edu.close();
    }

    private static Run host(String words) {
        return Run.of(("host " + edu.control() + " " + words).split(" "));
    }

    @Test
    void shouldReadAnAttribute() {
        Run run = host("read vendor");

        assertThat(run.out()).isEqualTo("0x1234\n");
        assertThat(run.code()).isZero();
        assertThat(host("read vendor --json").out())
                .isEqualTo("{\"attribute\":\"vendor\",\"value\":\"0x1234\"}\n");
    }

    @Test
    void shouldWriteAnAttributeAndSayNothing() {
        assertThat(host("write power/control on")).isEqualTo(new Run(0, "", ""));
        assertThat(host("read power/runtime_status").out()).isEqualTo("active\n");
        assertThat(host("write power/control auto --json").json().get("value").asString())
                .isEqualTo("auto");
        DemoScene.awaitAsleep(edu.host(), "D3cold");
    }

    @Test
    void shouldReadConfigSpaceAsLspciPrintsIt() {
        Run all = host("read config");

        assertThat(all.lines().getFirst())
                .isEqualTo("000: 34 12 e8 11 00 00 10 00 10 00 ff 00 00 00 00 00");
        assertThat(all.lines()).contains("*").hasSizeLessThan(20);
        assertThat(all.lines().getLast()).startsWith("ff0: ");
        assertThat(host("read config 0x2c 4").out()).isEqualTo("02c: f4 1a 00 11\n");
        assertThat(host("read config 0 4 --json").json().get("value").asString())
                .isEqualTo("3412e811");
    }

    @Test
    void shouldWriteConfigSpace() {
        int interruptLine = 0x3c;

        assertThat(host("write config 0x3c 0b").code()).isZero();

        assertThat(host("read config " + interruptLine + " 1").out()).isEqualTo("03c: 0b\n");
    }

    @Test
    void shouldPassOnWhatTheAttributeRefuses() {
        Run value = host("write power/control off");
        Run direction = host("read reset");

        assertThat(value.code()).isEqualTo(1);
        assertThat(value.err()).contains("EINVAL").contains("power/control is \"on\" or \"auto\"");
        assertThat(direction.code()).isEqualTo(1);
        assertThat(direction.err()).contains("EACCES");
    }

    @Test
    void shouldRaiseAWakeEvent() {
        assertThat(host("write signal wake")).isEqualTo(new Run(0, "", ""));
        assertThat(host("read config 0x44 2").out()).startsWith("044: ").endsWith(" 80\n");

        Run unknown = host("write signal horn");

        assertThat(unknown.code()).isEqualTo(1);
        assertThat(unknown.err()).contains("EINVAL").contains("the device knows no signal");
    }

    @Test
    void shouldRefuseBytesThatConfigSpaceDoesNotHave() {
        assertThat(host("read config 4096 1").code()).isEqualTo(2);
        assertThat(host("read config 0 0").code()).isEqualTo(2);
        assertThat(Run.of("host", edu.control(), "write", "power/control", "on\noff").code())
                .isPositive();
    }
}
