/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.Random;

/** REGION_READ, REGION_WRITE, REGION_WRITE_MULTI, and many of them without waiting. */
class RegionRequestsTest {
    private static final int EINVAL = Errno.EINVAL.number();
    private static final int MIB = 1 << 20;

    private final Served served = Served.one();
    private final WireClient client = served.client();

    @AfterEach
    void close() {
        client.close();
        served.close();
    }

    private int readErrno(int region, long offset, long count) {
        return client.errno(WireClient.REGION_READ, WireClient.access(region, offset, count));
    }

    private static byte[] random(int length) {
        byte[] data = new byte[length];
        new Random(length).nextBytes(data);
        return data;
    }

    @Nested
    class One {
        @ParameterizedTest
        @ValueSource(ints = {1, 2, 4, 8})
        void shouldReadBackWhatWasWritten(int width) {
            client.store(0, 0x40, width, 0x1122334455667788L);
            assertThat(client.load(0, 0x40, width))
                    .isEqualTo(0x1122334455667788L & (-1L >>> (64 - 8 * width)));
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 3, 36, 100, 4096, 65536, MIB})
        void shouldCarryAnyAmountUpToWhatVersionSaid(int length) {
            byte[] data = random(length);
            Bytes reply = client.write(1, 16, data).payload();
            assertThat(reply.length()).isEqualTo(16);
            assertThat(reply.u64At(0)).isEqualTo(16);
            assertThat(reply.u32At(8)).isEqualTo(1);
            assertThat(reply.u32At(12)).isEqualTo(length);
            assertThat(client.read(1, 16, length)).isEqualTo(data);
        }

        @Test
        void shouldRefuseMoreThanVersionSaid() {
            assertThat(readErrno(1, 0, MIB + 1)).isEqualTo(EINVAL);
            assertThat(readErrno(1, 0, 0xffff_ffffL)).isEqualTo(EINVAL);
            assertThat(client.write(1, 0, new byte[MIB + 1]).errno()).isEqualTo(EINVAL);
            assertThat(client.load(1, 0, 4)).isZero();
        }

        @Test
        void shouldBeShortAtTheEndOfABar() {
            assertThat(client.read(1, 2 * MIB - 3, 8)).hasSize(3);
            Bytes reply = client.write(1, 2 * MIB - 3, new byte[8]).payload();
            assertThat(reply.u32At(12)).isEqualTo(3);
        }

        @ParameterizedTest
        @CsvSource({
            "1, 2097152, 4, 22",
            "1, -1, 4, 22",
            "0, 4096, 1, 22",
            "3, 0, 4, 22",
            "6, 0, 4, 22",
            "8, 0, 1, 22",
            "7, 4096, 1, 14",
            "7, 4093, 4, 14",
            "9, 0, 4, 22",
            "3735928559, 0, 4, 22"
        })
        void shouldRefuseWhatIsNotThere(long region, long offset, int count, int errno) {
            assertThat(readErrno((int) region, offset, count)).isEqualTo(errno);
            assertThat(client.write((int) region, offset, new byte[count]).errno())
                    .isEqualTo(errno);
        }

        /** Spec B5: nothing to do comes before the look at the region. */
        @ParameterizedTest
        @ValueSource(ints = {0, 1, 7, 8, 9, -1})
        void shouldDoNothingForNothing(int region) {
            assertThat(client.read(region, 1L << 50, 0)).isEmpty();
            Bytes reply = client.write(region, 1L << 50, new byte[0]).payload();
            assertThat(reply.u32At(12)).isZero();
        }

        @Test
        void shouldRefuseACountThatIsNotTheDatas() {
            Bytes tooMany = WireClient.access(1, 0, 8).bytes(new byte[4]);
            assertThat(client.errno(WireClient.REGION_WRITE, tooMany)).isEqualTo(EINVAL);
            Bytes tooFew = WireClient.access(1, 0, 2).bytes(new byte[4]);
            assertThat(client.errno(WireClient.REGION_WRITE, tooFew)).isEqualTo(EINVAL);
            Bytes surplus = WireClient.access(1, 0, 4).bytes(new byte[4]);
            assertThat(client.errno(WireClient.REGION_READ, surplus)).isEqualTo(EINVAL);
            Bytes cut = new Bytes(new byte[15]);
            assertThat(client.errno(WireClient.REGION_READ, cut)).isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.REGION_WRITE, cut)).isEqualTo(EINVAL);
        }

        @Test
        void shouldEndTheConnectionOfAModelThatThrowsAndServeTheNext() {
            client.send(WireClient.REGION_WRITE, 0, WireClient.access(0, Probe.THROW, 4).u32(1));
            assertThat(client.tryReceive()).isEmpty();
            try (WireClient next = served.client()) {
                assertThat(next.load(0, 0, 4)).isZero();
            }
        }
    }

    @Nested
    class Posted {
        @Test
        void shouldNotBeAnswered() {
            for (int i = 0; i < 1000; i++) {
                client.post(1, 4L * i, 4, i);
            }
            assertThat(client.load(1, 4 * 999, 4)).isEqualTo(999);
            assertThat(client.hasReply(Duration.ofMillis(20))).isFalse();
        }

        @Test
        void shouldNotBeAnsweredWhenTheyFail() {
            client.post(9, 0, 4, 1);
            client.send(99, WireClient.NO_REPLY, new Bytes());
            client.send(WireClient.GET_INFO, WireClient.NO_REPLY, new Bytes());
            assertThat(client.load(0, 0, 4)).isZero();
            assertThat(client.hasReply(Duration.ofMillis(20))).isFalse();
        }

        @Test
        void shouldDoWhatTheyAskForAllTheSame() {
            Bytes exit = new Bytes().u32(8).u32(3 | WireClient.SET);
            client.send(WireClient.FEATURE, WireClient.NO_REPLY, exit);
            assertThat(client.enter()).as("already engaged").isEqualTo(EINVAL);
        }
    }

    @Nested
    class Multi {
        private Bytes entry(Bytes to, int region, long offset, int count, long value) {
            return to.u64(offset).u32(region).u32(count).u64(value);
        }

        @Test
        void shouldDoEachWriteInOrder() {
            Bytes payload = new Bytes().u64(4);
            entry(payload, 0, 0x10, 4, 1);
            entry(payload, 0, 0x10, 2, 0x2222);
            entry(payload, 1, 8, 8, 0x1122334455667788L);
            entry(payload, 1, 16, 3, 0xffff_ffffL);
            Bytes reply = client.call(WireClient.WRITE_MULTI, payload).payload();
            assertThat(reply.length()).isEqualTo(8);
            assertThat(reply.u64At(0)).isEqualTo(4);
            assertThat(client.load(0, 0x10, 4)).isEqualTo(0x2222);
            assertThat(client.load(1, 8, 8)).isEqualTo(0x1122334455667788L);
            assertThat(client.load(1, 16, 4)).isEqualTo(0xff_ffff);
        }

        @Test
        void shouldSayHowManyWereDone() {
            Bytes payload = new Bytes().u64(3);
            entry(payload, 0, 0x10, 4, 1);
            entry(payload, 9, 0x10, 4, 2);
            entry(payload, 0, 0x10, 4, 3);
            assertThat(client.call(WireClient.WRITE_MULTI, payload).payload().u64At(0))
                    .isEqualTo(1);
            assertThat(client.load(0, 0x10, 4)).isEqualTo(1);
        }

        @Test
        void shouldFailWithTheFirst() {
            Bytes payload = new Bytes().u64(2);
            entry(payload, 9, 0x10, 4, 2);
            entry(payload, 0, 0x10, 4, 3);
            assertThat(client.errno(WireClient.WRITE_MULTI, payload)).isEqualTo(EINVAL);
        }

        @Test
        void shouldTakeNoneAndVeryMany() {
            assertThat(client.call(WireClient.WRITE_MULTI, new Bytes().u64(0)).payload().u64At(0))
                    .isZero();
            int many = 40_000;
            Bytes payload = new Bytes(new byte[8 + 24 * many]);
            byte[] data = payload.toArray();
            data[0] = (byte) many;
            data[1] = (byte) (many >> 8);
            assertThat(client.call(WireClient.WRITE_MULTI, new Bytes(data)).payload().u64At(0))
                    .isEqualTo(many);
        }

        @ParameterizedTest
        @ValueSource(longs = {0, 2, -1, 1L << 32, Long.MIN_VALUE})
        void shouldRefuseANumberThatIsNotTheEntries(long count) {
            Bytes payload = entry(new Bytes().u64(count), 0, 0x10, 4, 1);
            assertThat(client.errno(WireClient.WRITE_MULTI, payload)).isEqualTo(EINVAL);
            assertThat(client.load(0, 0x10, 4)).isZero();
        }

        @Test
        void shouldRefuseWhatIsCutOffOrTooWide() {
            Bytes cut = new Bytes().u64(1).bytes(new byte[23]);
            assertThat(client.errno(WireClient.WRITE_MULTI, cut)).isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.WRITE_MULTI, new Bytes(new byte[7])))
                    .isEqualTo(EINVAL);
            Bytes nine = entry(new Bytes().u64(1), 0, 0x10, 9, 1);
            assertThat(client.errno(WireClient.WRITE_MULTI, nine)).isEqualTo(EINVAL);
            Bytes huge = entry(new Bytes().u64(1), 0, 0x10, -1, 1);
            assertThat(client.errno(WireClient.WRITE_MULTI, huge)).isEqualTo(EINVAL);
        }

        @Test
        void shouldCountAWriteOfNothing() {
            Bytes nothing = entry(new Bytes().u64(1), 9, 0x10, 0, 1);
            assertThat(client.call(WireClient.WRITE_MULTI, nothing).payload().u64At(0))
                    .isEqualTo(1);
        }
    }

    /** A client need not wait for replies; they come in the order of the requests. */
    @Nested
    class Pipelined {
        private static final int EVENTFD_TRIGGER =
                Vfio.VFIO_IRQ_SET_DATA_EVENTFD | Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
        private static final int MSIX = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;

        private void assertReplies(int first, int count) {
            for (int id = first; id < first + count; id++) {
                WireClient.Frame reply = client.receive();
                assertThat(reply.id()).isEqualTo(id);
                assertThat(reply.errno()).as("reply %d", id).isZero();
            }
        }

        @Test
        void shouldAnswerManyFramesOfOneWrite() {
            Bytes all = new Bytes();
            for (int i = 0; i < 200; i++) {
                Bytes payload =
                        i % 2 == 0
                                ? WireClient.access(0, 0x40, 4).u32(i)
                                : WireClient.access(0, 0x40, 4);
                int command = i % 2 == 0 ? WireClient.REGION_WRITE : WireClient.REGION_READ;
                all.bytes(WireClient.frame(i, command, 0, payload));
            }
            client.raw(all);
            for (int i = 0; i < 200; i++) {
                WireClient.Frame reply = client.receive();
                assertThat(reply.id()).isEqualTo(i);
                if (i % 2 == 1) {
                    assertThat(reply.payload().u32At(16)).isEqualTo(i - 1);
                }
            }
        }

        @Test
        void shouldAnswerManyFramesOfOneWriteWithADescriptor() {
            try (EventFd vector = EventFd.create()) {
                client.load(0, 0, 4);
                Bytes all =
                        WireClient.frame(
                                0,
                                WireClient.SET_IRQS,
                                0,
                                WireClient.irqs(EVENTFD_TRIGGER, MSIX, 0, 1));
                Bytes message = WireClient.access(0, Probe.MESSAGE, 4).u32(0);
                for (int i = 1; i < 20; i++) {
                    all.bytes(WireClient.frame(i, WireClient.REGION_WRITE, 0, message));
                }
                client.raw(all, vector.fd());
                assertReplies(0, 20);
                assertThat(vector.drain()).isEqualTo(19);
            }
        }

        @Test
        void shouldAnswerAFrameOfManyWrites() {
            for (byte b :
                    WireClient.frame(9, WireClient.REGION_READ, 0, WireClient.access(7, 0, 4))
                            .toArray()) {
                client.raw(new byte[] {b});
            }
            WireClient.Frame reply = client.receive();
            assertThat(reply.id()).isEqualTo(9);
            assertThat(reply.payload().u32At(16)).isEqualTo(0x9999_1234L);
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 16, 35})
        void shouldAnswerAFrameOfManyWritesWithADescriptorOnAnyOfThem(int carrier) {
            try (EventFd vector = EventFd.create()) {
                byte[] bytes =
                        WireClient.frame(
                                        9,
                                        WireClient.SET_IRQS,
                                        0,
                                        WireClient.irqs(EVENTFD_TRIGGER, MSIX, 0, 1))
                                .toArray();
                for (int i = 0; i < bytes.length; i++) {
                    byte[] one = {bytes[i]};
                    if (i == carrier) {
                        client.raw(one, vector.fd());
                    } else {
                        client.raw(one);
                    }
                }
                assertThat(client.receive().errno()).isZero();
                client.store(0, Probe.MESSAGE, 4, 0);
                assertThat(vector.drain()).isEqualTo(1);
            }
        }

        /** In a run of small accesses one system call may bring the next frame's start along. */
        @Test
        void shouldGiveEachFrameItsOwnDescriptors() {
            try (EventFd wakeup = EventFd.create();
                    EventFd vector = EventFd.create();
                    MemFd ram = MemFd.create("ram", 4096)) {
                for (int round = 0; round < 20; round++) {
                    client.load(0, 0, 4);
                    int before = Fd.openCount();
                    Bytes exit = new Bytes().u32(8).u32(5 | WireClient.SET);
                    Bytes enter = new Bytes().u32(16).u32(4 | WireClient.SET).u64(0);
                    Bytes read = WireClient.access(0, 0, 4);
                    int first = client.send(WireClient.REGION_READ, 0, read);
                    client.send(WireClient.FEATURE, 0, exit);
                    client.send(WireClient.FEATURE, 0, enter, wakeup.fd());
                    client.send(
                            WireClient.SET_IRQS,
                            0,
                            WireClient.irqs(EVENTFD_TRIGGER, MSIX, 0, 1),
                            vector.fd());
                    client.send(WireClient.DMA_MAP, 0, WireClient.map(0, 4096, 0, 3), ram.fd());
                    client.send(WireClient.DMA_UNMAP, 0, WireClient.unmap(0, 4096, 0));
                    client.send(WireClient.FEATURE, 0, exit);
                    client.send(
                            WireClient.SET_IRQS, 0, WireClient.irqs(EVENTFD_TRIGGER, MSIX, 0, 1));
                    assertReplies(first, 8);
                    assertThat(Fd.openCount()).isEqualTo(before);
                }
            }
        }

        @Test
        void shouldKeepTheOrderOfPostedWritesAndReads() {
            for (int i = 0; i < 500; i++) {
                client.post(0, 0x40, 4, i);
                int id = client.send(WireClient.REGION_READ, 0, WireClient.access(0, 0x40, 4));
                if (i % 10 == 9) {
                    WireClient.Frame reply = client.receive();
                    while (reply.id() != id) {
                        reply = client.receive();
                    }
                    assertThat(reply.payload().u32At(16)).isEqualTo(i);
                }
            }
        }
    }
}
