/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.time.Duration;

/** How a device is named, and how it can be talked to. */
class TargetTest {
    @Test
    void shouldReadAndWriteAVfioUserTarget() {
        Target target = Target.parse("vfio-user:/run/a b:c.sock");
        assertThat(target).isEqualTo(new Target.VfioUser(Path.of("/run/a b:c.sock")));
        assertThat(target).hasToString("vfio-user:/run/a b:c.sock");
    }

    @Test
    void shouldReadAndWriteARealDevice() {
        Target target = Target.parse("01:00.0");
        assertThat(target).isEqualTo(new Target.Pci(new PciAddress(0, 1, 0, 0)));
        assertThat(target).hasToString("0000:01:00.0");
        assertThat(Target.parse("0000:01:00.0")).isEqualTo(target);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "vfio-user:",
                "vfio-user",
                "/run/x.sock",
                "0000:01:00",
                "VFIO-USER:/x",
                "vfio-user:a\0b"
            })
    void shouldSayHowATargetIsWritten(String text) {
        assertThatThrownBy(() -> Target.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("\"" + text + "\"");
    }

    @Test
    void shouldRefuseOptionsOutOfRange() {
        assertThatThrownBy(() -> OpenOptions.DEFAULTS.withAnswerTimeout(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> OpenOptions.DEFAULTS.withMaxTransfer(7))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> OpenOptions.DEFAULTS.withMaxTransfer((1 << 20) + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
