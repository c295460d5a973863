/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.time.Duration;

/** DEVICE_FEATURE, and features 3, 4 and 5 (spec A1, A2, B3) as frames. */
@Timeout(20)
class LowPowerTest {
    private static final int GET = 1 << 16;
    private static final int SET = 1 << 17;
    private static final int PROBE = 1 << 18;
    private static final int ENTRY = 3;
    private static final int ENTRY_WITH_WAKEUP = 4;
    private static final int EXIT = 5;

    @TempDir static Path directory;

    private static Peer.Frame expectFeature(Peer client, int flags) {
        Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_FEATURE);
        assertThat(frame.u32(4)).as("flags 0x%x", frame.u32(4)).isEqualTo(flags);
        return frame;
    }

    private static void echo(Peer client, Peer.Frame frame) {
        client.reply(frame, frame.payload());
    }

    private static void supported(Peer client, int feature) {
        Peer.Frame probe = expectFeature(client, PROBE | SET | feature);
        assertThat(probe.payload()).hasSize(8);
        assertThat(probe.u32(0)).isEqualTo(8);
        echo(client, probe);
    }

    @Test
    void shouldProbeOnceThenEnterAndExit() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            supported(client, ENTRY);
                            Peer.Frame entry = expectFeature(client, SET | ENTRY);
                            assertThat(entry.payload()).hasSize(8);
                            assertThat(entry.u32(0)).as("argsz").isEqualTo(8);
                            echo(client, entry);
                            echo(client, expectFeature(client, SET | EXIT));
                            echo(client, expectFeature(client, SET | ENTRY));
                            echo(client, expectFeature(client, SET | EXIT));
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                device.enterLowPower();
                device.exitLowPower();
                device.enterLowPower();
                device.exitLowPower();
            }
        }
    }

    @Test
    void shouldPassTheWakeupAsTheFramesOneDescriptor() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    supported(client, ENTRY_WITH_WAKEUP);
                                    Peer.Frame entry =
                                            expectFeature(client, SET | ENTRY_WITH_WAKEUP);
                                    assertThat(entry.payload()).hasSize(16);
                                    assertThat(entry.u32(0)).as("argsz").isEqualTo(16);
                                    assertThat(entry.u32(8)).as("wakeup_eventfd").isZero();
                                    assertThat(entry.u32(12)).as("reserved").isZero();
                                    assertThat(entry.descriptors()).hasSize(1);
                                    echo(client, entry);
                                    Peer.Frame read = client.expect(VfioUserCommand.REGION_READ);
                                    try (EventFd wake = EventFd.adopt(entry.descriptors().get(0))) {
                                        wake.signal();
                                    }
                                    client.replyRead(read, new byte[4]);
                                    client.expectEnd();
                                });
                Wakeup wakeup = Wakeup.create()) {
            try (VfioDevice device = server.open()) {
                device.enterLowPower(wakeup);
                assertThat(wakeup.poll()).isFalse();
                assertThat(wakeup.await(Duration.ofMillis(1))).isFalse();
                assertThat(wakeup.drain()).isZero();

                int _ = device.readInt(0, 0);
                assertThat(wakeup.poll()).as("one's own access wakes, too").isTrue();
                assertThat(wakeup.await(Duration.ofSeconds(5))).isTrue();
                assertThat(wakeup.drain()).isOne();
                assertThat(wakeup.poll()).isFalse();
            }
        }
    }

    @Test
    void shouldTakeAnEventfdThatTheCallerHas() {
        EventFd event = EventFd.create();
        try (Wakeup wakeup = Wakeup.of(event)) {
            event.signal();
            assertThat(wakeup.eventFd()).isSameAs(event);
            assertThat(wakeup.poll()).isTrue();
        }
        assertThat(event.fd().isOpen()).isFalse();
    }

    @Test
    void shouldSayThatAnEntryHoldsAlreadyWithoutAskingAnythingThatWakes() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    supported(client, ENTRY_WITH_WAKEUP);
                                    echo(client, expectFeature(client, SET | ENTRY_WITH_WAKEUP));
                                    client.error(
                                            expectFeature(client, SET | ENTRY_WITH_WAKEUP), 22);
                                    assertThat(client.receive()).as("nothing more").isEmpty();
                                });
                Wakeup wakeup = Wakeup.create()) {
            try (VfioDevice device = server.open()) {
                device.enterLowPower(wakeup);
                assertThatThrownBy(() -> device.enterLowPower(wakeup))
                        .isInstanceOfSatisfying(
                                AlreadyInLowPowerException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                        .hasMessageContaining("an earlier entry holds");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {25, 22})
    void shouldSayThatTheServerLacksLowPower(int errno) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.error(expectFeature(client, PROBE | SET | ENTRY), errno);
                            client.error(expectFeature(client, SET | EXIT), errno);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(device::enterLowPower)
                        .isInstanceOfSatisfying(
                                UnsupportedFeatureException.class,
                                e -> assertThat(e.feature()).isEqualTo(VfioFeature.LOW_POWER_ENTRY))
                        .hasMessageContaining("does not implement the VFIO low-power features");
                assertThatThrownBy(device::exitLowPower)
                        .isInstanceOf(UnsupportedFeatureException.class);
                assertThat(device.supports(VfioFeature.LOW_POWER_ENTRY)).isFalse();
            }
        }
    }

    @Test
    void shouldNotTakeAFailedWakeForALackOfTheFeature() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.error(expectFeature(client, PROBE | SET | ENTRY), 5);
                            client.error(expectFeature(client, SET | ENTRY), 5);
                            supported(client, ENTRY);
                            echo(client, expectFeature(client, SET | ENTRY));
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(device::enterLowPower)
                        .isExactlyInstanceOf(VfioException.class)
                        .hasMessageContaining("entering low power")
                        .hasMessageContaining("EIO");
                device.enterLowPower();
            }
        }
    }

    @Test
    void shouldProbeEachFeatureByTheOperationsItHas() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.error(expectFeature(client, PROBE | GET | 1), 25);
                            echo(client, expectFeature(client, PROBE | GET | 2));
                            echo(client, expectFeature(client, PROBE | SET | 7));
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThat(device.supports(VfioFeature.MIGRATION)).isFalse();
                assertThat(device.supports(VfioFeature.MIG_DEVICE_STATE)).isTrue();
                assertThat(device.supports(VfioFeature.DMA_LOGGING_STOP)).isTrue();
                assertThat(device.supports(VfioFeature.MIGRATION)).as("remembered").isFalse();
            }
        }
    }

    @Test
    void shouldGetAndSetAFeaturesData() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame get = expectFeature(client, GET | 1);
                            assertThat(get.payload()).hasSize(8);
                            assertThat(get.u32(0)).as("argsz").isEqualTo(16);
                            client.reply(
                                    get,
                                    Peer.bytes(16).putInt(16).putInt(GET | 1).putLong(7).array());
                            Peer.Frame set = expectFeature(client, SET | 2);
                            assertThat(set.u32(0)).as("argsz").isEqualTo(16);
                            assertThat(set.payload()).endsWith(1, 2, 3, 4, 5, 6, 7, 8);
                            echo(client, set);
                            Peer.Frame larger = expectFeature(client, GET | 9);
                            client.reply(
                                    larger, Peer.bytes(8).putInt(5000).putInt(GET | 9).array());
                            client.error(expectFeature(client, SET | 600), 25);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThat(device.getFeature(1, 8)).containsExactly(7, 0, 0, 0, 0, 0, 0, 0);
                device.setFeature(2, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
                assertThatThrownBy(() -> device.getFeature(9, 8))
                        .hasMessageContaining("its data has 4992 bytes, not 8");
                assertThatThrownBy(() -> device.setFeature(600, new byte[0]))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY))
                        .hasMessageContaining("feature 600 (unknown to this library)");
                assertThatThrownBy(() -> device.getFeature(1 << 16, 8))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void shouldSendAnyFeatureRequestAsGiven() {
        int wrong = GET | SET | 1 << 30 | ENTRY;
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.error(expectFeature(client, wrong), 22);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.feature(wrong, new byte[3], 0))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
            }
        }
    }

    @Test
    void shouldRefuseAFeatureAnswerWithoutItsHead() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.reply(
                                    client.expect(VfioUserCommand.DEVICE_FEATURE), new byte[4]);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.getFeature(1, 8))
                        .isInstanceOf(ProtocolViolationException.class);
            }
        }
    }

    @Test
    void shouldResetTheDevice() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame reset = client.expect(VfioUserCommand.DEVICE_RESET);
                            assertThat(reset.payload()).isEmpty();
                            client.reply(reset, new byte[0]);
                            client.error(client.expect(VfioUserCommand.DEVICE_RESET), 22);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                device.reset();
                assertThatThrownBy(device::reset)
                        .hasMessage(
                                "resetting vfio-user:%s: EINVAL (invalid argument)", server.path());
            }
        }
    }
}
