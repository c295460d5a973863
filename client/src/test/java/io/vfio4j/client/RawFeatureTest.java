/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;

/** DEVICE_FEATURE as somebody made it, right or wrong (spec A2). */
@Timeout(20)
class RawFeatureTest {
    private static final int GET = 1 << 16;
    private static final int SET = 1 << 17;
    private static final int WAKEUP = 4;

    @TempDir static Path directory;

    /** More than is there, less than is there, less than a header. */
    @ParameterizedTest
    @ValueSource(ints = {16, 4000, -1, 12, 8, 7, 0})
    void shouldSayWhateverSizeItIsTold(int argsz) {
        byte[] payload = {0, 0, 0, 0, 5, 6, 7, 8};
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_FEATURE);
                            assertThat(frame.u32(0)).as("argsz").isEqualTo(argsz);
                            assertThat(frame.u32(4)).as("flags").isEqualTo(SET | WAKEUP);
                            assertThat(frame.payload()).hasSize(16).endsWith(payload);
                            assertThat(frame.descriptors()).isEmpty();
                            client.error(frame, 22);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                RawFeature request = RawFeature.of(SET | WAKEUP, payload).withArgsz(argsz);
                assertThat(request.argsz()).isEqualTo(argsz);
                assertThatThrownBy(() -> device.feature(request))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
            }
        }
    }

    @Test
    void shouldBringItsDescriptorWithAWrongSizeToo() {
        byte[] payload = {-1, -1, -1, -1, 5, 6, 7, 8};
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    Peer.Frame frame =
                                            client.expect(VfioUserCommand.DEVICE_FEATURE);
                                    assertThat(frame.u32(0)).as("argsz").isEqualTo(4000);
                                    assertThat(frame.payload())
                                            .hasSize(16)
                                            .endsWith(0, 0, 0, 0, 5, 6, 7, 8);
                                    assertThat(frame.descriptors()).hasSize(1);
                                    try (EventFd theirs =
                                            EventFd.adopt(frame.descriptors().getFirst())) {
                                        theirs.signal();
                                    }
                                    client.reply(frame, frame.payload());
                                    client.expectEnd();
                                });
                EventFd event = EventFd.create()) {
            try (VfioDevice device = server.open()) {
                device.feature(
                        RawFeature.of(SET | WAKEUP, payload)
                                .withDescriptor(event.fd())
                                .withArgsz(4000));
            }
            assertThat(event.drain()).isEqualTo(1);
        }
    }

    /** One that only asks has no payload, and argsz says how long the answer may be. */
    @Test
    void shouldAskWithRoomForAnAnswerThatNobodyWants() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_FEATURE);
                            assertThat(frame.payload()).hasSize(8);
                            assertThat(frame.u32(0)).as("argsz").isEqualTo(16);
                            client.reply(
                                    frame,
                                    Peer.bytes(16).putInt(16).putInt(GET | 1).putLong(7).array());
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                device.feature(RawFeature.of(GET | 1).withArgsz(16));
                assertThat(device.target()).isEqualTo(new Target.VfioUser(server.path()));
            }
        }
    }

    @Test
    void shouldHaveRoomForADescriptorItBrings() {
        try (EventFd event = EventFd.create()) {
            assertThatThrownBy(() -> RawFeature.of(SET, new byte[3]).withDescriptor(event.fd()))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
