/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.UnixListener;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** How a connection begins: connect, VERSION, and every way that this can fail. */
@Timeout(20)
class HandshakeTest {
    @TempDir static Path directory;

    @Test
    void shouldProposeTheVersionAndItsLimits() {
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            Peer.Frame version = client.agree();
                            assertThat(version.payload()).startsWith(0, 0, 0, 0).endsWith(0);
                            assertThat(
                                            new String(
                                                    version.payload(),
                                                    4,
                                                    version.payload().length - 5,
                                                    StandardCharsets.UTF_8))
                                    .contains("\"max_msg_fds\":16")
                                    .contains("\"max_data_xfer_size\":1048576")
                                    .contains("\"pgsizes\":4096")
                                    .contains("\"write_multiple\":true")
                                    .contains(
                                            "\"low_power\":{\"mapping_faults\":true,\"pme\":true}")
                                    .doesNotContain("twin_socket");
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThat(device.target()).hasToString("vfio-user:" + server.path());
            }
        }
    }

    @Test
    void shouldAcceptAnAnswerWithoutVersionData() {
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            client.reply(client.expect(VfioUserCommand.VERSION), new byte[4]);
                            client.expectEnd();
                        })) {
            server.open().close();
        }
    }

    @Test
    void shouldSayThatAnotherClientHasTheDevice() {
        try (FakeServer server = answering(Errno.EBUSY)) {
            assertThatThrownBy(server::open)
                    .isInstanceOf(DeviceBusyException.class)
                    .hasMessageContaining("another client has the device at " + server.path());
        }
    }

    @Test
    void shouldTellAnotherRefusal() {
        try (FakeServer server = answering(Errno.EINVAL)) {
            assertThatThrownBy(server::open)
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                    .hasMessageContaining("refuses vfio-user 0.0: EINVAL (invalid argument)");
        }
    }

    private static FakeServer answering(Errno errno) {
        return FakeServer.start(
                directory,
                client -> {
                    client.error(client.expect(VfioUserCommand.VERSION), errno.number());
                    client.expectEnd();
                });
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "0, 1", "65535, 65535"})
    void shouldRefuseAVersionThatWasNotProposed(int major, int minor) {
        shouldRefuse(Peer.version(major, minor, "{}"), "version " + major + "." + minor);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"capabilities\":{\"max_msg_fds\":-1}}",
                "{\"capabilities\":{\"max_data_xfer_size\":\"big\"}}"
            })
    void shouldRefuseVersionDataThatIsNone(String json) {
        shouldRefuse(Peer.version(0, 0, json), "VERSION");
    }

    @Test
    void shouldRefuseVersionDataWithoutItsEnd() {
        shouldRefuse(new byte[] {0, 0, 0, 0, '{', '}'}, "NUL");
    }

    @Test
    void shouldRefuseAnAnswerWithoutAVersion() {
        shouldRefuse(new byte[] {0, 0}, "at least 4");
    }

    @Test
    void shouldRefuseMessagesTooSmallForARegister() {
        shouldRefuse(
                Peer.version(0, 0, "{\"capabilities\":{\"max_data_xfer_size\":7}}"),
                "too few for a register");
    }

    @Test
    void shouldRefuseASecondSocketThatItDidNotAskFor() {
        shouldRefuse(
                Peer.version(
                        0,
                        0,
                        "{\"capabilities\":{\"twin_socket\":{\"supported\":true,\"fd_index\":0}}}"),
                "second socket");
    }

    private static void shouldRefuse(byte[] answer, String why) {
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            client.reply(client.expect(VfioUserCommand.VERSION), answer);
                            client.expectEnd();
                        })) {
            assertThatThrownBy(server::open)
                    .isInstanceOf(ProtocolViolationException.class)
                    .hasMessageContaining(why);
        }
    }

    @Test
    void shouldCloseDescriptorsThatComeWithTheAnswer() {
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            try (EventFd gift = EventFd.create()) {
                                client.reply(
                                        client.expect(VfioUserCommand.VERSION),
                                        Peer.version(0, 0, "{}"),
                                        gift.fd());
                                client.expectEnd();
                            }
                        })) {
            assertThatThrownBy(server::open).isInstanceOf(ProtocolViolationException.class);
        }
    }

    @Test
    void shouldSayThatNobodyListens() {
        Path path = directory.resolve("nobody.sock");
        assertThatThrownBy(() -> VfioDevice.open("vfio-user:" + path))
                .isInstanceOfSatisfying(
                        DeviceNotFoundException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessage(
                        "no vfio-user server listens on %s: start one, for example vfio4j serve edu"
                                + " --socket %s",
                        path, path);
    }

    @Test
    void shouldSayThatNobodyListensAnyMore() throws Exception {
        Path path = directory.resolve("stale.sock");
        Path copy = directory.resolve("copy.sock");
        try (UnixListener _ = UnixListener.bind(path, 0600)) {
            Files.createLink(copy, path);
        }
        assertThatThrownBy(() -> VfioDevice.open("vfio-user:" + copy))
                .isInstanceOfSatisfying(
                        DeviceNotFoundException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED));
    }

    @Test
    void shouldNotWaitForEverForAServerThatIsSilent() {
        try (FakeServer server = FakeServer.start(directory, Peer::expectEnd)) {
            assertThatThrownBy(() -> server.open(Duration.ofMillis(50)))
                    .isInstanceOf(DeviceTimeoutException.class)
                    .hasMessageContaining("has not answered within 0.05s");
        }
    }

    @Test
    void shouldNotWaitForEverForAServerThatAcceptsNobody() {
        int before = Fd.openCount();
        Path path = directory.resolve("hung.sock");
        try (UnixListener _ = UnixListener.bind(path, 0600)) {
            assertThatThrownBy(() ->
                            VfioDevice.open(
                                    new Target.VfioUser(path),
                                    OpenOptions.DEFAULTS.withAnswerTimeout(Duration.ofMillis(50))))
                    .isInstanceOf(DeviceTimeoutException.class);
        }
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldSayThatTheServerClosedTheConnection() {
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            Peer.Frame _ = client.expect(VfioUserCommand.VERSION);
                        })) {
            assertThatThrownBy(server::open)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("has closed the connection");
        }
    }
}
