/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;

class RegionCommandsTest {
    private final ServedEdu edu = new ServedEdu();

    @AfterEach
    void close() {
        edu.close();
    }

    @Test
    void shouldReadARegister() {
        assertThat(Run.of("read", edu.target(), "bar0", "0"))
                .isEqualTo(new Run(0, "0x010000ed\n", ""));
        assertThat(Run.of("read", edu.target(), "config", "0x02", "--width", "2").out())
                .isEqualTo("0x11e8\n");
        assertThat(
                        Run.of("read", edu.target(), "bar0", "0", "--json")
                                .json()
                                .get("value")
                                .asString())
                .isEqualTo("0x010000ed");
    }

    @ParameterizedTest
    @CsvSource({"1,0xff,0xff", "2,65535,0xffff", "8,0xfedcba9876543210,0xfedcba9876543210"})
    void shouldWriteInEachWidth(String width, String value, String read) {
        String[] write = {"write", edu.target(), "bar2", "0x100", value, "--width", width};

        assertThat(Run.of(write)).isEqualTo(new Run(0, "", ""));

        assertThat(Run.of("read", edu.target(), "bar2", "0x100", "--width", width).out())
                .isEqualTo(read + "\n");
        assertThat(Run.of("read", edu.target(), "bar2", "0x108", "--width", "8").out())
                .as("beyond it")
                .isEqualTo("0x0000000000000000\n");
    }

    @ParameterizedTest
    @CsvSource({
        "bar6 0, REGION is bar0 to bar5",
        "bar0 x, OFFSET is a number",
        "bar0 0 y, VALUE is a number",
        "bar0 0 0x100000000, does not fit 4 bytes",
        "bar0 0 1 --width 3, --width is"
    })
    void shouldSayWhatIsNoRegisterOrValue(String operands, String sentence) {
        String[] words = operands.split(" ", -1);
        String[] line = new String[words.length + 2];
        line[0] = words.length == 2 ? "read" : "write";
        line[1] = edu.target();
        System.arraycopy(words, 0, line, 2, words.length);

        Run run = Run.of(line);

        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains(sentence).hasLineCount(1);
    }

    @Test
    void shouldSayWhatTheDeviceDoesNotHave() {
        assertThat(Run.of("read", edu.target(), "bar1", "0"))
                .isEqualTo(new Run(1, "", "vfio4j: the device has no bar1\n"));
        assertThat(Run.of("read", edu.target(), "bar2", "0xfffe").err())
                .isEqualTo("vfio4j: bar2 has 0x10000 bytes: there are no 4 at 0xfffe\n");
        assertThat(Run.of("write", edu.target(), "config", "4096", "1").err())
                .isEqualTo("vfio4j: config has 0x1000 bytes: there are no 4 at 0x1000\n");
    }

    /** The two sockets of a device are easily taken for each other. */
    @Test
    void shouldTellADevicesSocketFromItsHostSide() {
        Path socket = Path.of(edu.target().substring("vfio-user:".length()));
        Path control = Path.of(socket + ".ctl");

        assertThat(Run.of("info", "vfio-user:" + control).err())
                .isEqualTo(
                        "vfio4j: %s is the host side of a device, whose own socket is %s%n"
                                .formatted(control, socket));
        assertThat(Run.of("host", socket.toString(), "read", "power_state").err())
                .isEqualTo(
                        "vfio4j: %s is a device's own socket; its host side is %s%n"
                                .formatted(socket, control));
    }
}
