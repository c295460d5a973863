/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * A server that misbehaves yields an exception and a closed connection, leaks no descriptor, and
 * hangs nobody. (That nothing leaks is checked whenever a {@link FakeServer} closes.)
 */
@Timeout(30)
class HostileServerTest {
    private static final Duration SHORT = Duration.ofMillis(100);

    @TempDir static Path directory;

    /** What a server may do to a client that reads four bytes. */
    enum Misdeed {
        GARBAGE(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                byte[] garbage = new byte[200];
                Arrays.fill(garbage, (byte) 0x5a);
                client.raw(garbage);
            }
        },
        WRONG_ID(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.send(
                        Peer.header(read.id() + 1, read.command(), 36, 1, 0),
                        Peer.access(read, new byte[4]));
            }
        },
        WRONG_COMMAND(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.send(Peer.header(read.id(), 10, 36, 1, 0), Peer.access(read, new byte[4]));
            }
        },
        WRONG_TYPE(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.send(
                        Peer.header(read.id(), read.command(), 36, 2, 0),
                        Peer.access(read, new byte[4]));
            }
        },
        SIZE_BELOW_THE_HEADER(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.raw(Peer.header(read.id(), read.command(), 15, 1, 0));
            }
        },
        SIZE_OF_FOUR_GIGABYTES(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.raw(Peer.header(read.id(), read.command(), -1, 1, 0));
            }
        },
        MORE_THAN_ASKED_FOR(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.replyRead(read, new byte[5]);
            }
        },
        NO_ACCESS_IN_THE_ANSWER(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.reply(read, new byte[8]);
            }
        },
        A_COMMAND_THAT_ONLY_CLIENTS_SEND(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.command(VfioUserCommand.DEVICE_RESET, new byte[0]);
            }
        },
        DESCRIPTORS_WITH_THE_ANSWER(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                try (EventFd one = EventFd.create();
                        EventFd two = EventFd.create()) {
                    client.reply(read, Peer.access(read, new byte[4]), one.fd(), two.fd());
                }
            }
        },
        DMA_MESSAGE_WITH_DESCRIPTORS(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                try (EventFd one = EventFd.create()) {
                    client.send(Peer.header(1, 11, 32, 0, 0), new byte[16], one.fd());
                }
            }
        },
        DMA_MESSAGE_TOO_SHORT(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.command(VfioUserCommand.DMA_READ, new byte[8]);
            }
        },
        DMA_READ_WITH_DATA(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.command(VfioUserCommand.DMA_READ, new byte[17]);
            }
        },
        DMA_WRITE_WITH_ANOTHER_COUNT(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.command(
                        VfioUserCommand.DMA_WRITE,
                        Peer.bytes(20).putLong(0).putLong(1L << 32 | 4).array());
            }
        },
        DMA_WRITE_LARGER_THAN_AGREED(ProtocolViolationException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.raw(Peer.header(1, 12, 32 + (1 << 20) + 1, 0, 0));
            }
        },
        END_AT_ONCE(ConnectionLostException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {}
        },
        END_IN_THE_HEADER(ConnectionLostException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.raw(Arrays.copyOf(Peer.header(read.id(), 9, 36, 1, 0), 9));
            }
        },
        END_IN_THE_BODY(ConnectionLostException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.send(Peer.header(read.id(), 9, 36, 1, 0), new byte[10]);
            }
        },
        SILENCE(DeviceTimeoutException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.expectEnd();
            }
        },
        SILENCE_IN_THE_BODY(DeviceTimeoutException.class) {
            @Override
            void run(Peer client, Peer.Frame read) {
                client.send(Peer.header(read.id(), 9, 36, 1, 0), new byte[10]);
                client.expectEnd();
            }
        };

        private final Class<? extends VfioException> expected;

        Misdeed(Class<? extends VfioException> expected) {
            this.expected = expected;
        }

        abstract void run(Peer client, Peer.Frame read);
    }

    @ParameterizedTest
    @EnumSource
    void shouldEndTheConnection(Misdeed misdeed) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            misdeed.run(client, client.expect(VfioUserCommand.REGION_READ));
                            if (!misdeed.name().startsWith("END")) {
                                client.expectEnd();
                            }
                        })) {
            try (VfioDevice device = server.open(SHORT)) {
                assertThatThrownBy(() -> device.readInt(0, 0))
                        .isExactlyInstanceOf(misdeed.expected)
                        .hasMessageContaining("vfio-user:" + server.path());
                server.join();
                assertThatThrownBy(() -> device.readInt(0, 0))
                        .isExactlyInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining("is lost")
                        .hasMessageContaining("open the device again");
                assertThatThrownBy(device::info).isInstanceOf(ConnectionLostException.class);
            }
        }
    }

    @Test
    void shouldUnderstandAnAnswerInAnyNumberOfPieces() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame read = client.expect(VfioUserCommand.REGION_READ);
                            byte[] frame =
                                    Peer.bytes(36)
                                            .put(Peer.header(read.id(), 9, 36, 1, 0))
                                            .put(Peer.access(read, new byte[] {1, 2, 3, 4}))
                                            .array();
                            for (byte b : frame) {
                                client.raw(new byte[] {b});
                            }
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThat(device.readInt(0, 0)).isEqualTo(0x04030201);
            }
        }
    }

    @Test
    void shouldNotWaitForEverForAServerThatSendsByteByByte() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame read = client.expect(VfioUserCommand.REGION_READ);
                            client.raw(Peer.header(read.id(), 9, 16 + 16 + 4096, 1, 0));
                            // The client's end is what makes it readable.
                            while (!client.await(SHORT.dividedBy(10))) {
                                client.raw(new byte[1]);
                            }
                        })) {
            try (VfioDevice device = server.open(SHORT)) {
                assertThatThrownBy(() -> device.read(0, 0, new byte[4096], 0, 4096))
                        .isInstanceOf(DeviceTimeoutException.class)
                        .hasMessageContaining("has not finished its message within 0.1s");
            }
        }
    }

    @Test
    void shouldSurviveAnyBytes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            byte[] bytes = new byte[random.nextInt(1, 400)];
            random.nextBytes(bytes);
            if (random.nextBoolean()) {
                // Something that looks like an answer to the first request after VERSION.
                System.arraycopy(
                        Peer.header(2, 5, random.nextInt(0, 300), 1, 0),
                        0,
                        bytes,
                        0,
                        Math.min(16, bytes.length));
            }
            try (FakeServer server =
                    FakeServer.agreeing(
                            directory,
                            client -> {
                                Peer.Frame _ =
                                        client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO);
                                client.raw(bytes);
                            })) {
                try (VfioDevice device = server.open(Duration.ofSeconds(5))) {
                    assertThatThrownBy(
                                    () -> {
                                        RegionInfo _ = device.region(0);
                                        RegionInfo _ = device.region(0);
                                    })
                            .as("seed %d round %d", seed, round)
                            .isInstanceOf(VfioException.class);
                }
            }
        }
    }

    @Test
    void shouldNotWaitForEverForAServerThatTakesNothing() {
        CountDownLatch givenUp = new CountDownLatch(1);
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            givenUp.await();
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open(SHORT)) {
                byte[] large = new byte[1 << 20];
                assertThatThrownBy(() -> device.write(0, 0, large, 0, large.length))
                        .isInstanceOf(DeviceTimeoutException.class)
                        .hasMessageContaining("has taken nothing within 0.1s");
                givenUp.countDown();
            }
        }
    }

    @Test
    void shouldRefuseToGoOnAfterClose() {
        try (FakeServer server = FakeServer.agreeing(directory, Peer::expectEnd)) {
            VfioDevice device = server.open();
            device.close();
            device.close();
            assertThatThrownBy(() -> device.readInt(0, 0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is closed");
        }
    }
}
