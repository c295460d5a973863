/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** The host side's lines: one request, one reply, and events after watch. */
class HostProtocolTest {
    static final Map<String, HostRequest> REQUESTS =
            Map.of(
                    "read power/control", new HostRequest.Read(HostAttribute.POWER_CONTROL),
                    "read config", new HostRequest.Read(HostAttribute.CONFIG),
                    "read config 64 4", new HostRequest.ReadConfig(64, 4),
                    "write power/control on",
                            new HostRequest.Write(HostAttribute.POWER_CONTROL, "on"),
                    "write reset 1", new HostRequest.Write(HostAttribute.RESET, "1"),
                    "write config 4 0600", HostRequest.WriteConfig.of(4, new byte[] {6, 0}),
                    "watch", new HostRequest.Watch());

    static final Map<String, HostReply> REPLIES =
            Map.of(
                    "ok", new HostReply.Ok(""),
                    "ok suspended", new HostReply.Ok("suspended"),
                    "ok 0x1 0x2\\n0x3 0x4", new HostReply.Ok("0x1 0x2\n0x3 0x4"),
                    "ok a\\\\b", new HostReply.Ok("a\\b"),
                    "error 5", new HostReply.Failed(Errno.EIO, ""),
                    "error 22 power/control is on or auto",
                            new HostReply.Failed(Errno.EINVAL, "power/control is on or auto"));

    @Test
    void shouldReadAndWriteRequests() {
        REQUESTS.forEach((line, request) -> {
            assertThat(HostRequest.parse(line)).isEqualTo(request);
            assertThat(request.format()).isEqualTo(line);
        });
    }

    @Test
    void shouldReadAndWriteReplies() {
        REPLIES.forEach((line, reply) -> {
            assertThat(HostReply.parse(line)).isEqualTo(reply);
            assertThat(reply.format()).isEqualTo(line);
        });
    }

    @Test
    void shouldReadAndWriteEvents() {
        var suspended = HostEvent.of("runtime_status", "suspended");
        var detailed =
                new HostEvent("wakeup", "", new TreeMap<>(Map.of("by", "config", "count", "2")));

        assertThat(suspended.format()).isEqualTo("event runtime_status suspended");
        assertThat(detailed.format()).isEqualTo("event wakeup by=config count=2");
        assertThat(HostEvent.parse(suspended.format())).isEqualTo(suspended);
        assertThat(HostEvent.parse(detailed.format())).isEqualTo(detailed);
    }

    @Test
    void shouldTakeHexadecimalOffsetsToo() {
        assertThat(HostRequest.parse("read config 0x40 0x4"))
                .isEqualTo(new HostRequest.ReadConfig(64, 4));
    }

    @Test
    void shouldCarryConfigurationSpaceWhole() {
        byte[] bytes = new byte[4096];
        new Random(3).nextBytes(bytes);
        String line = HostReply.Ok.ofBytes(bytes).format();

        assertThat(((HostReply.Ok) HostReply.parse(line)).bytes()).isEqualTo(bytes);
        assertThat(line.length()).isLessThan(HostLine.MAX_BYTES);
        assertThat(HostRequest.WriteConfig.of(0, bytes).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hello|a host request is read ATTRIBUTE, write ATTRIBUTE VALUE or watch",
                "watch now|a host request is read ATTRIBUTE, write ATTRIBUTE VALUE or watch",
                "READ irq|a host request is read ATTRIBUTE, write ATTRIBUTE VALUE or watch",
                "read|there is no attribute \"\"",
                "read uevent|there is no attribute \"uevent\"",
                "read ../config|there is no attribute \"../config\"",
                "read irq 1|read takes an attribute alone, or config OFFSET LENGTH",
                "read config 1|read takes an attribute alone, or config OFFSET LENGTH",
                "read config 0 0|config has bytes 0 to 4095, not 0 bytes from 0",
                "read config 4096 1|config has bytes 0 to 4095, not 1 bytes from 4096",
                "read config 1 4096|config has bytes 0 to 4095, not 4096 bytes from 1",
                "read config -1 4|config takes numbers like 16 or 0x10, not \"-1\"",
                "read config 0 4 4|config takes numbers like 16 or 0x10, not \"4 4\"",
                "read config 99999999999 1|config takes numbers like 16 or 0x10, not \"99999999999\"",
                "write power/control|write power/control takes a VALUE",
                "write config 0 abc|config bytes are pairs of hexadecimal digits without a space",
                "write config 0 zz|config bytes are pairs of hexadecimal digits without a space",
                "write config 4095 0000|config has bytes 0 to 4095, not 2 bytes from 4095",
                "write config|config takes numbers like 16 or 0x10, not \"\"",
                "write power/control a\\b|a backslash in a host line is followed by a backslash or an n",
            })
    void shouldSayWhatIsWrongWithARequest(String line, String message) {
        assertThatThrownBy(() -> HostRequest.parse(line))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "okay",
                "OK",
                "error",
                "error x",
                "error 0 no",
                "error 4096 no",
                "error -5 no",
                "error 99999 no",
                "ok \\x",
                "event a b"
            })
    void shouldRefuseWhatIsNoReply(String line) {
        assertThatThrownBy(() -> HostReply.parse(line))
                .isExactlyInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "event",
                "event ",
                "events a b",
                "event a b c",
                "event a =x",
                "event a  b=c d"
            })
    void shouldRefuseWhatIsNoEvent(String line) {
        assertThatThrownBy(() -> HostEvent.parse(line))
                .isExactlyInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseToSendWhatALineCannotCarry() {
        assertThatThrownBy(() -> new HostReply.Ok("tab\there").format())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("control character 0x09 at position 6 of a host line");
        assertThatThrownBy(() -> new HostReply.Ok("x".repeat(16 * 1024)).format())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("host line of more than 16384 bytes");
        assertThatThrownBy(() -> new HostReply.Ok("é".repeat(8 * 1024)).format())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("host line of more than 16384 bytes");
        assertThatThrownBy(() -> HostEvent.of("runtime status", "x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("\"runtime status\" cannot be the name of a host event");
        assertThatThrownBy(() -> new HostRequest.Write(HostAttribute.CONFIG, "00"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("write config takes OFFSET HEX");
    }

    @ParameterizedTest
    @EnumSource(HostAttribute.class)
    void shouldFindAttributesByTheirNameInSysfs(HostAttribute attribute) {
        assertThat(HostAttribute.of(attribute.sysfsName())).contains(attribute);
        assertThat(attribute.readable() || attribute.writable()).isTrue();
    }

    @Test
    void shouldNameEachAttribute() {
        assertThat(HostAttribute.values())
                .extracting(HostAttribute::sysfsName)
                .containsExactly(
                        "power/control",
                        "power/runtime_status",
                        "power/runtime_usage",
                        "power/runtime_active_time",
                        "power/runtime_suspended_time",
                        "power/runtime_active_kids",
                        "power/runtime_enabled",
                        "power/autosuspend_delay_ms",
                        "power/wakeup",
                        "power_state",
                        "d3cold_allowed",
                        "config",
                        "reset",
                        "vendor",
                        "device",
                        "class",
                        "subsystem_vendor",
                        "subsystem_device",
                        "revision",
                        "irq",
                        "enable",
                        "current_link_speed",
                        "current_link_width",
                        "max_link_speed",
                        "max_link_width",
                        "resource",
                        "reset_method",
                        "sriov_numvfs",
                        "sriov_totalvfs",
                        "driver_override",
                        "driver/unbind",
                        "rescan",
                        "remove",
                        "signal",
                        "bridge/state",
                        "bridge/pmcsr",
                        "bridge/promise",
                        "bridge/locked",
                        "bridge/wakes",
                        "bridge/client");
        assertThat(HostAttribute.values())
                .filteredOn(HostAttribute::writable)
                .containsExactly(
                        HostAttribute.POWER_CONTROL,
                        HostAttribute.POWER_AUTOSUSPEND_DELAY_MS,
                        HostAttribute.POWER_WAKEUP,
                        HostAttribute.D3COLD_ALLOWED,
                        HostAttribute.CONFIG,
                        HostAttribute.RESET,
                        HostAttribute.RESET_METHOD,
                        HostAttribute.SRIOV_NUMVFS,
                        HostAttribute.DRIVER_OVERRIDE,
                        HostAttribute.DRIVER_UNBIND,
                        HostAttribute.RESCAN,
                        HostAttribute.REMOVE,
                        HostAttribute.SIGNAL,
                        HostAttribute.BRIDGE_LOCKED);
        assertThat(HostAttribute.values())
                .filteredOn(attribute -> !attribute.readable())
                .containsExactly(
                        HostAttribute.RESET,
                        HostAttribute.DRIVER_UNBIND,
                        HostAttribute.RESCAN,
                        HostAttribute.REMOVE,
                        HostAttribute.SIGNAL);
    }

    @Test
    void shouldTellWhatABridgeSaysOfItselfFromWhatItsDeviceSays() {
        assertThat(HostAttribute.values())
                .filteredOn(HostAttribute::ofBridge)
                .containsExactly(
                        HostAttribute.BRIDGE_STATE,
                        HostAttribute.BRIDGE_PMCSR,
                        HostAttribute.BRIDGE_PROMISE,
                        HostAttribute.BRIDGE_LOCKED,
                        HostAttribute.BRIDGE_WAKES,
                        HostAttribute.BRIDGE_CLIENT);
    }

    @Test
    void shouldCutLinesHoweverTheyArrive() {
        byte[] stream = "watch\nread irq\n\nok é\nhalf".getBytes(StandardCharsets.UTF_8);
        for (int piece = 1; piece <= stream.length; piece++) {
            var decoder = new HostLineDecoder();
            List<String> lines = new ArrayList<>();
            for (int at = 0; at < stream.length; at += piece) {
                decoder.feed(stream, at, Math.min(piece, stream.length - at), lines::add);
            }
            assertThat(lines)
                    .as("pieces of %d", piece)
                    .containsExactly("watch", "read irq", "", "ok é");
            assertThat(decoder.atLineStart()).isFalse();
        }
    }

    @Test
    void shouldBoundALineThatNeverEnds() {
        byte[] flood = new byte[HostLine.MAX_BYTES];
        java.util.Arrays.fill(flood, (byte) 'a');
        List<String> lines = new ArrayList<>();
        var decoder = new HostLineDecoder();

        decoder.feed(flood, 0, flood.length - 1, lines::add);
        assertThatThrownBy(() -> decoder.feed(flood, 0, 1, lines::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("host line of more than 16384 bytes");
        decoder.feed(new byte[] {'\n'}, 0, 1, lines::add);
        assertThat(lines).hasSize(1);
    }

    @Test
    void shouldRefuseALineThatIsNotUtf8() {
        assertThatThrownBy(() ->
                        new HostLineDecoder()
                                .feed(new byte[] {(byte) 0xff, '\n'}, 0, 2, line -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("host line is not UTF-8");
    }

    @Test
    void shouldAnswerAnyLineWithARequestOrOneSentence() {
        var random = new Random(5);
        List<String> seeds = List.copyOf(REQUESTS.keySet());
        for (int i = 0; i < 20_000; i++) {
            var line = new StringBuilder(seeds.get(random.nextInt(seeds.size())));
            for (int change = random.nextInt(3); change >= 0; change--) {
                line.insert(random.nextInt(line.length() + 1), (char) random.nextInt(300));
            }
            try {
                HostRequest request = HostRequest.parse(line.toString());
                assertThat(HostRequest.parse(request.format()))
                        .as("change %d", i)
                        .isEqualTo(request);
            } catch (IllegalArgumentException e) {
                assertThat(e)
                        .as("change %d", i)
                        .isExactlyInstanceOf(IllegalArgumentException.class);
            }
        }
    }
}
