/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Memory;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;

/** VERSION: what a peer says of itself, and whatever else it may send instead. */
class VersionTest {
    private static final String QEMU =
            """
            {"capabilities":{"max_msg_fds":16,"max_data_xfer_size":1048576,"max_dma_maps":65535,
             "pgsizes":4096,"migration":{"pgsize":4096,"max_bitmap_size":268435456},
             "write_multiple":true}}\
            """;

    private static final VersionCapabilities.LowPower NOTHING = VersionCapabilities.LowPower.NONE;

    private final Memory memory = Memory.allocate(128 * 1024);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void shouldReadWhatQemuSends() {
        assertThat(parse(QEMU))
                .isEqualTo(
                        new VersionCapabilities(
                                16,
                                1048576,
                                65535,
                                4096,
                                Optional.of(
                                        new VersionCapabilities.Migration(
                                                4096, OptionalLong.of(268435456))),
                                Optional.empty(),
                                true,
                                NOTHING));
    }

    @Test
    void shouldReadATwinSocket() {
        assertThat(
                        parse(
                                "{\"capabilities\":{\"twin_socket\":{\"supported\":true,\"fd_index\":0}}}"))
                .extracting(VersionCapabilities::twinSocket)
                .isEqualTo(
                        Optional.of(new VersionCapabilities.TwinSocket(true, OptionalInt.of(0))));
    }

    @Test
    void shouldReadWhatIsKnownOfSleepingDevices() {
        assertThat(
                        parse(
                                "{\"capabilities\":{\"low_power\":{\"mapping_faults\":true,\"pme\":true}}}"))
                .extracting(VersionCapabilities::lowPower)
                .isEqualTo(new VersionCapabilities.LowPower(true, true));
        assertThat(parse("{\"capabilities\":{\"low_power\":{\"pme\":true,\"later\":[{}]}}}"))
                .extracting(VersionCapabilities::lowPower)
                .isEqualTo(new VersionCapabilities.LowPower(false, true));
    }

    /** So that a peer that does not speak of it sees what it always saw. */
    @Test
    void shouldNotSpeakOfWhatThereIsNot() {
        assertThat(VersionCapabilities.DEFAULTS.toJson()).doesNotContain("low_power");
        assertThat(withLowPower(false, true)).endsWith("\"low_power\":{\"pme\":true}}}");
        assertThat(withLowPower(true, true))
                .endsWith("\"low_power\":{\"mapping_faults\":true,\"pme\":true}}}");
    }

    private static String withLowPower(boolean mappingFaults, boolean pme) {
        return new VersionCapabilities(
                        1,
                        1,
                        1,
                        4096,
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        new VersionCapabilities.LowPower(mappingFaults, pme))
                .toJson();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                " \n{ } \n",
                "{\"capabilities\":{}}",
                "{\"other\":[1,{\"deep\":[[]]}],\"capabilities\":{\"unknown\":{\"max_msg_fds\":9}}}",
                "{\"capabilities\":{\"low_power\":{}}}",
                "{\"capabilities\":{\"low_power\":{\"pme\":false}}}",
                "{\"capabilities\":{\"max_msg_fds\":9,\"max_msg_fds\":1}}"
            })
    void shouldHaveTheTextsDefaults(String json) {
        assertThat(parse(json)).isEqualTo(VersionCapabilities.DEFAULTS);
        assertThat(VersionCapabilities.DEFAULTS)
                .isEqualTo(
                        new VersionCapabilities(
                                1,
                                1048576,
                                65535,
                                4096,
                                Optional.empty(),
                                Optional.empty(),
                                false,
                                NOTHING));
    }

    @Test
    void shouldReadBackWhatItWrites() {
        var random = new Random(7);
        for (int i = 0; i < 1000; i++) {
            var value =
                    new VersionCapabilities(
                            random.nextInt(Integer.MAX_VALUE),
                            random.nextLong(Long.MAX_VALUE),
                            random.nextLong(Long.MAX_VALUE),
                            1L << random.nextInt(63),
                            random.nextBoolean()
                                    ? Optional.empty()
                                    : Optional.of(
                                            new VersionCapabilities.Migration(
                                                    random.nextInt(1 << 20),
                                                    random.nextBoolean()
                                                            ? OptionalLong.empty()
                                                            : OptionalLong.of(
                                                                    random.nextInt(1 << 20)))),
                            random.nextBoolean()
                                    ? Optional.empty()
                                    : Optional.of(
                                            new VersionCapabilities.TwinSocket(
                                                    random.nextBoolean(),
                                                    random.nextBoolean()
                                                            ? OptionalInt.empty()
                                                            : OptionalInt.of(random.nextInt(8)))),
                            random.nextBoolean(),
                            new VersionCapabilities.LowPower(
                                    random.nextBoolean(), random.nextBoolean()));
            assertThat(parse(value.toJson())).isEqualTo(value);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]|VERSION data: VERSION data must be an object",
                "{\"capabilities\":[]}|VERSION data: capabilities must be an object",
                "{\"capabilities\":null}|VERSION data: capabilities must be an object",
                "{\"capabilities\":{\"max_msg_fds\":\"1\"}}|VERSION data: max_msg_fds must be a whole number from 0 to 2147483647",
                "{\"capabilities\":{\"max_msg_fds\":-1}}|VERSION data: max_msg_fds must be a whole number from 0 to 2147483647",
                "{\"capabilities\":{\"max_msg_fds\":2147483648}}|VERSION data: max_msg_fds must be a whole number from 0 to 2147483647",
                "{\"capabilities\":{\"max_msg_fds\":1.0}}|VERSION data: max_msg_fds must be a whole number from 0 to 2147483647",
                "{\"capabilities\":{\"max_msg_fds\":1e3}}|VERSION data: max_msg_fds must be a whole number from 0 to 2147483647",
                "{\"capabilities\":{\"max_data_xfer_size\":9223372036854775808}}|VERSION data: max_data_xfer_size must be a whole number from 0 to 9223372036854775807",
                "{\"capabilities\":{\"pgsizes\":true}}|VERSION data: pgsizes must be a whole number from 0 to 9223372036854775807",
                "{\"capabilities\":{\"max_dma_maps\":{}}}|VERSION data: max_dma_maps must be a whole number from 0 to 9223372036854775807",
                "{\"capabilities\":{\"write_multiple\":1}}|VERSION data: write_multiple must be true or false",
                "{\"capabilities\":{\"twin_socket\":true}}|VERSION data: twin_socket must be an object",
                "{\"capabilities\":{\"twin_socket\":{\"supported\":\"yes\"}}}|VERSION data: supported must be true or false",
                "{\"capabilities\":{\"migration\":{\"pgsize\":-4096}}}|VERSION data: pgsize must be a whole number from 0 to 9223372036854775807",
                "{\"capabilities\":{\"low_power\":true}}|VERSION data: low_power must be an object",
                "{\"capabilities\":{\"low_power\":{\"pme\":1}}}|VERSION data: pme must be true or false",
                "{} {}|VERSION data has something after its JSON object",
            })
    void shouldSayWhatIsWrong(String json, String message) {
        assertThatThrownBy(() -> parse(json))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "{\"capabilities\"",
                "{\"capabilities\":{\"max_msg_fds\":}}",
                "nul",
                "{'capabilities':{}}",
                "{\"capabilities\":{},}",
                "// hello",
                "{\"a\":NaN}",
                "\u0000",
                "{\"a\":01}",
                "{\"a\":\"\u0001\"}",
                "{}x"
            })
    void shouldRefuseWhatIsNotJson(String json) {
        assertThatThrownBy(() -> parse(json))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .message()
                .startsWith("VERSION data")
                .doesNotContain("\n");
    }

    @Test
    void shouldBeBounded() {
        String deep = "{\"a\":" + "[".repeat(1000) + "]".repeat(1000) + "}";
        String digits = "{\"capabilities\":{\"pgsizes\":" + "9".repeat(60_000) + "}}";
        String skippedDigits = "{\"a\":" + "9".repeat(60_000) + "}";
        String name = "{\"" + "a".repeat(60_000) + "\":1}";
        String huge = "{\"a\":\"" + "a".repeat(VersionCapabilities.MAX_JSON_BYTES) + "\"}";

        for (String json : new String[] {deep, digits, skippedDigits, name, huge}) {
            assertThatThrownBy(() -> parse(json))
                    .isExactlyInstanceOf(IllegalArgumentException.class)
                    .message()
                    .hasSizeLessThan(300);
        }
        assertThatThrownBy(() -> parse(huge))
                .hasMessage("VERSION data of 65544 bytes: at most 65536 are accepted");
    }

    @Test
    void shouldRefuseWhatIsNotUtf8() {
        byte[] latin = "{\"a\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1);
        byte[] utf16 = "{}".getBytes(StandardCharsets.UTF_16);

        assertThatThrownBy(() -> VersionCapabilities.parse(latin))
                .hasMessage("VERSION data is not UTF-8");
        assertThatThrownBy(() -> VersionCapabilities.parse(utf16))
                .isExactlyInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldAnswerAnyBytesWithAValueOrOneSentence() {
        var random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = QEMU.getBytes(StandardCharsets.UTF_8);
            for (int change = random.nextInt(4); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            byte[] part = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            try {
                VersionCapabilities.parse(random.nextBoolean() ? bytes : part);
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage())
                        .as("change %d", i)
                        .startsWith("VERSION")
                        .doesNotContain("\n");
            }
        }
    }

    @Test
    void shouldRefuseNegativeCapabilities() {
        assertThatThrownBy(() ->
                        new VersionCapabilities(
                                -1, 0, 0, 0, Optional.empty(), Optional.empty(), false, NOTHING))
                .hasMessage("VERSION capability max_msg_fds is -1: it must not be negative");
    }

    @Test
    void shouldCarryAPayload() {
        var version = new VfioUserVersion(0, 1, Optional.of(parse(QEMU)));
        memory.fill(0, memory.size(), (byte) 0xff);

        int length = version.write(memory, 16);

        assertThat(memory.getShort(16)).isZero();
        assertThat(memory.getShort(18)).isEqualTo((short) 1);
        assertThat(memory.getByte(16 + length - 1)).isZero();
        assertThat(memory.getByte(16 + length)).isEqualTo((byte) 0xff);
        assertThat(VfioUserVersion.read(memory, 16, length)).isEqualTo(version);
    }

    @Test
    void shouldCarryAPayloadWithoutVersionData() {
        var version = new VfioUserVersion(0, 65535, Optional.empty());

        assertThat(version.write(memory, 0)).isEqualTo(4);
        assertThat(VfioUserVersion.read(memory, 0, 4)).isEqualTo(version);
    }

    @Test
    void shouldRefuseAPayloadThatIsCutOffOrNotTerminated() {
        int length = new VfioUserVersion(0, 0, Optional.of(parse(QEMU))).write(memory, 0);

        assertThatThrownBy(() -> VfioUserVersion.read(memory, 0, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("VERSION payload of 3 bytes: it has at least 4");
        assertThatThrownBy(() -> VfioUserVersion.read(memory, 0, length - 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("VERSION data does not end in a NUL");
        assertThatThrownBy(() -> VfioUserVersion.read(memory, 0, 100_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("VERSION data of 99995 bytes: at most 65536 are accepted");
    }

    private static VersionCapabilities parse(String json) {
        return VersionCapabilities.parse(json.getBytes(StandardCharsets.UTF_8));
    }
}
