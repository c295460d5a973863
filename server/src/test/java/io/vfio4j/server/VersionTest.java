/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.power.ContractState;
import io.vfio4j.uapi.VersionCapabilities;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** VERSION: the first message, and what becomes of the connection (protocol, "VERSION"). */
class VersionTest {
    private static final int EINVAL = Errno.EINVAL.number();

    private final Served served = Served.one();

    @AfterEach
    void close() {
        served.close();
    }

    private WireClient connect() {
        return WireClient.connect(served.socket());
    }

    private static VersionCapabilities capabilities(WireClient.Frame reply) {
        byte[] json = reply.payload().from(4);
        assertThat(json[json.length - 1]).as("NUL").isZero();
        return VersionCapabilities.parse(Arrays.copyOf(json, json.length - 1));
    }

    private void assertRefused(WireClient client, WireClient.Frame reply) {
        assertThat(reply.isError()).isTrue();
        assertThat(reply.errno()).isEqualTo(EINVAL);
        assertThat(client.tryReceive()).as("closed").isEmpty();
        client.close();
        // And the device is free for the next.
        served.client().close();
    }

    /** QEMU takes no other. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 65535})
    void shouldAnswerMinor0(int minor) {
        try (WireClient client = connect()) {
            WireClient.Frame reply = client.version(0, minor, WireClient.CAPABILITIES);
            assertThat(reply.isError()).isFalse();
            assertThat(reply.payload().u16At(0)).isZero();
            assertThat(reply.payload().u16At(2)).isZero();
        }
    }

    @Test
    void shouldSayWhatItCanDo() {
        try (WireClient client = connect()) {
            VersionCapabilities ours = capabilities(client.version(0, 0, WireClient.CAPABILITIES));
            assertThat(ours.maxMsgFds()).isBetween(1, 16);
            assertThat(ours.maxDataXferSize()).isEqualTo(1 << 20);
            assertThat(ours.maxDmaMaps()).isEqualTo(4096);
            assertThat(ours.pgsizes()).isEqualTo(4096);
            assertThat(ours.writeMultiple()).isTrue();
            assertThat(ours.twinSocket()).isEmpty();
            assertThat(ours.migration()).isEmpty();
        }
    }

    @Test
    void shouldOfferNothingThatTheClientDidNotPropose() {
        try (WireClient client = connect()) {
            VersionCapabilities ours =
                    capabilities(client.version(0, 0, "{\"capabilities\":{\"max_dma_maps\":8}}"));
            assertThat(ours.maxDmaMaps()).isEqualTo(8);
            assertThat(ours.writeMultiple()).isFalse();
        }
    }

    /** QEMU and libvfio-user's client: an answer with more in it would be none of theirs. */
    @Test
    void shouldAnswerAClientThatKnowsNoLowPowerAsEver() {
        try (WireClient client = connect()) {
            byte[] json = client.version(0, 0, WireClient.CAPABILITIES).payload().from(4);
            assertThat(new String(json, StandardCharsets.UTF_8))
                    .isEqualTo(
                            "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
                                    + "\"max_dma_maps\":4096,\"pgsizes\":4096,"
                                    + "\"write_multiple\":true}}\0");
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void shouldAgreeToAsMuchOfLowPowerAsIsProposed(boolean faults, boolean pme) {
        try (WireClient client = connect()) {
            String json =
                    "{\"capabilities\":{\"low_power\":{\"mapping_faults\":%s,\"pme\":%s,\"x\":1}}}"
                            .formatted(faults, pme);
            assertThat(capabilities(client.version(0, 0, json)).lowPower())
                    .isEqualTo(new VersionCapabilities.LowPower(faults, pme));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"capabilities\":{}}",
                "{\"capabilities\":{\"twin_socket\":{\"supported\":true}}}",
                "{\"what\":[1,2,{\"ever\":null}],\"capabilities\":{\"new\":\"thing\"}}",
                "{\"capabilities\":{\"migration\":{\"pgsize\":4096}}}",
                "  { \"capabilities\" : { \"max_msg_fds\" : 1 } }  ",
            })
    void shouldTakeVersionDataThatItDoesNotKnow(String json) {
        try (WireClient client = connect()) {
            assertThat(client.version(0, 0, json).isError()).isFalse();
            assertThat(client.load(0, 0, 4)).isZero();
        }
    }

    @Test
    void shouldTakeNoVersionDataAtAll() {
        try (WireClient client = connect()) {
            assertThat(client.errno(WireClient.VERSION, new Bytes().u16(0).u16(0))).isZero();
            assertThat(client.load(0, 0, 4)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 65535})
    void shouldRefuseAnotherMajor(int major) {
        WireClient client = connect();
        assertRefused(client, client.version(major, 0, WireClient.CAPABILITIES));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "{",
                "[]",
                "42",
                "null",
                "{\"capabilities\":[]}",
                "{\"capabilities\":{\"max_msg_fds\":\"many\"}}",
                "{\"capabilities\":{\"max_msg_fds\":-1}}",
                "{\"capabilities\":{\"low_power\":true}}",
                "{\"capabilities\":{\"low_power\":{\"pme\":\"yes\"}}}",
                "{\"capabilities\":{\"max_data_xfer_size\":0}}",
                "{\"capabilities\":{\"max_data_xfer_size\":99999999999999999999999}}",
                "{\"capabilities\":{\"max_data_xfer_size\":1e3}}",
                "{\"capabilities\":{}} trailing",
            })
    void shouldRefuseVersionDataThatIsNone(String json) {
        WireClient client = connect();
        assertRefused(client, client.version(0, 0, json));
    }

    @Test
    void shouldRefuseVersionDataWithoutANul() {
        WireClient client = connect();
        Bytes payload = new Bytes().u16(0).u16(0).text("{}");
        assertRefused(client, client.call(WireClient.VERSION, payload));
    }

    @Test
    void shouldRefuseVersionDataThatIsTooDeepOrTooLong() {
        WireClient deep = connect();
        assertRefused(deep, deep.version(0, 0, "{\"a\":".repeat(5000) + "1" + "}".repeat(5000)));
        WireClient wide = connect();
        assertRefused(wide, wide.version(0, 0, "{\"a\":\"" + "x".repeat(100_000) + "\"}"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void shouldRefuseAVersionThatIsCutOff(int length) {
        WireClient client = connect();
        assertRefused(client, client.call(WireClient.VERSION, new Bytes(new byte[length])));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4, 9, 13, 16, 99})
    void shouldRefuseAnyOtherFirstCommand(int command) {
        WireClient client = connect();
        assertRefused(client, client.call(command, new Bytes(new byte[32])));
    }

    @Test
    void shouldRefuseAReplyForAFirstMessage() {
        try (WireClient client = connect()) {
            client.send(
                    WireClient.VERSION,
                    WireClient.REPLY,
                    new Bytes().u16(0).u16(0).text("{}").u8(0));
            WireClient.Frame reply = client.receive();
            assertThat(reply.isError()).isTrue();
            assertThat(client.tryReceive()).isEmpty();
        }
    }

    @Test
    void shouldRefuseASecondVersionAndGoOn() {
        try (WireClient client = served.client()) {
            WireClient.Frame reply = client.version(0, 0, WireClient.CAPABILITIES);
            assertThat(reply.errno()).isEqualTo(EINVAL);
            assertThat(client.load(0, 0, 4)).isZero();
        }
    }

    @Test
    void shouldCloseDescriptorsThatComeWithIt() {
        try (EventFd eventFd = EventFd.create()) {
            int before = Fd.openCount();
            try (WireClient client = connect()) {
                Bytes payload = new Bytes().u16(0).u16(0).text("{}").u8(0);
                assertThat(client.errno(WireClient.VERSION, payload, eventFd.fd(), eventFd.fd()))
                        .isZero();
                assertThat(client.load(0, 0, 4)).isZero();
                // Both ends of the connection are here, and nothing else.
                assertThat(Fd.openCount()).isEqualTo(before + 2);
            }
        }
    }

    /** The contract's first open and last close (docs/decisions.md). */
    @Test
    void shouldOpenTheDevice() {
        served.awaitClosed();
        served.await(ContractState.OFF);
        assertThat(served.device().power().usage()).isZero();
        try (WireClient client = connect()) {
            assertThat(served.device().power().usage()).as("connected is not open").isZero();
            client.version(0, 0, WireClient.CAPABILITIES);
            assertThat(served.device().power().usage()).isEqualTo(1);
            assertThat(served.model().power()).endsWith("resume D3cold");
        }
        served.awaitClosed();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void shouldAnswerWhatIsPipelinedBehindAGoodOneOnly(int major) {
        Bytes payload = new Bytes().u16(major).u16(0).text("{}").u8(0);
        Bytes version = WireClient.frame(7, WireClient.VERSION, 0, payload);
        Bytes access = WireClient.access(0, 0, 4);
        Bytes read = WireClient.frame(8, WireClient.REGION_READ, 0, access);
        try (WireClient client = connect()) {
            client.raw(version.bytes(read));
            assertThat(client.receive().isError()).isEqualTo(major != 0);
            if (major == 0) {
                assertThat(client.receive().id()).isEqualTo(8);
            } else {
                assertThat(client.tryReceive()).isEmpty();
            }
        }
    }
}
