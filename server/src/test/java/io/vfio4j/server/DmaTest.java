/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** DMA_MAP and DMA_UNMAP, and the messages that a device sends where no descriptor came. */
class DmaTest {
    private static final int EINVAL = Errno.EINVAL.number();
    private static final int EEXIST = Errno.EEXIST.number();
    private static final int ENOENT = Errno.ENOENT.number();

    private final Served served = Served.one();
    private final WireClient client = served.client();

    @AfterEach
    void close() {
        client.close();
        served.close();
    }

    private int map(long iova, long size, Fd... fds) {
        return client.errno(WireClient.DMA_MAP, WireClient.map(iova, size, 0, 3), fds);
    }

    private int unmap(long iova, long size) {
        return client.errno(WireClient.DMA_UNMAP, WireClient.unmap(iova, size, 0));
    }

    private void prepare(long iova, int length, int times) {
        Bytes registers = new Bytes().u64(iova).u32(length).u32(times);
        assertThat(client.write(0, Probe.IOVA, registers.toArray()).isError()).isFalse();
    }

    /** Starts a transfer and does not wait for the reply of the write that does it. */
    private int go(int what) {
        return client.send(WireClient.REGION_WRITE, 0, WireClient.access(0, Probe.GO, 4).u32(what));
    }

    private void awaitEnded(int transfers) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(1))
                .until(() -> served.model().ended() == transfers);
    }

    private static byte[] pattern(int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (i * 7);
        }
        return data;
    }

    @Nested
    class Windows {
        @Test
        void shouldBeMappedAndUnmappedByMessages() {
            assertThat(map(0x1000, 0x1000)).isZero();
            assertThat(map(0x1000, 0x1000)).isEqualTo(EEXIST);
            Bytes unmap = WireClient.unmap(0x1000, 0x1000, 0);
            WireClient.Frame reply = client.call(WireClient.DMA_UNMAP, unmap);
            assertThat(reply.payload().toArray()).as("echoed").isEqualTo(unmap.toArray());
            assertThat(unmap(0x1000, 0x1000)).isEqualTo(ENOENT);
        }

        @Test
        void shouldHaveNoPayloadInTheReplyToAMap() {
            WireClient.Frame reply =
                    client.call(WireClient.DMA_MAP, WireClient.map(0, 0x1000, 0, 3));
            assertThat(reply.payload().length()).isZero();
        }

        @Test
        void shouldBeUnmappedTogether() {
            assertThat(map(0x1000, 0x1000)).isZero();
            assertThat(map(0x5000, 0x1000)).isZero();
            assertThat(client.errno(WireClient.DMA_UNMAP, WireClient.unmap(0x1000, 0, 2)))
                    .isEqualTo(EINVAL);
            assertThat(client.errno(WireClient.DMA_UNMAP, WireClient.unmap(0, 0, 2))).isZero();
            assertThat(served.device().dma().size()).isZero();
        }

        @Test
        void shouldBeRefusedWhenCutOffOrWrong() {
            byte[] map = WireClient.map(0x1000, 0x1000, 0, 3).toArray();
            for (int length : new int[] {0, 4, 31}) {
                Bytes cut = new Bytes(Arrays.copyOf(map, length));
                assertThat(client.errno(WireClient.DMA_MAP, cut)).isEqualTo(EINVAL);
                assertThat(client.errno(WireClient.DMA_UNMAP, new Bytes(new byte[length % 24])))
                        .isEqualTo(EINVAL);
            }
            Bytes argsz = new Bytes().u32(31).u32(3).u64(0).u64(0x1000).u64(0x1000);
            assertThat(client.errno(WireClient.DMA_MAP, argsz)).isEqualTo(EINVAL);
            Bytes flags = WireClient.unmap(0x1000, 0x1000, 1);
            assertThat(client.errno(WireClient.DMA_UNMAP, flags)).isEqualTo(EINVAL);
            assertThat(map(0x1001, 0x1000)).isEqualTo(EINVAL);
            assertThat(map(-0x1000, 0x2000)).isEqualTo(EINVAL);
            assertThat(served.device().dma().size()).isZero();
        }

        /** What libvfio-user's sample client does: twice as many as it may send at once. */
        @Test
        void shouldNotKeepTheirDescriptors() {
            try (MemFd ram = MemFd.create("ram", 64 << 12)) {
                client.load(0, 0, 4);
                int before = Fd.openCount();
                for (int i = 0; i < 32; i++) {
                    Bytes map = WireClient.map((long) i << 12, 4096, (long) i << 12, 3);
                    assertThat(client.errno(WireClient.DMA_MAP, map, ram.fd())).isZero();
                }
                assertThat(Fd.openCount()).isEqualTo(before);
                prepare(0, 32 << 12, 1);
                client.store(0, Probe.GO, 4, Probe.WRITE_HERE);
                assertThat(client.load(0, Probe.STATUS, 8)).isZero();
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"eventfd", "pipe", "socket", "directory", "null", "opath"})
        void shouldRefuseADescriptorThatCannotBeMapped(String kind) {
            try (Fd fd = Descriptors.of(kind)) {
                int before = Fd.openCount();
                assertThat(map(0x1000, 0x1000, fd)).isIn(EINVAL, 9, 13, 19);
                assertThat(Fd.openCount()).isEqualTo(before);
                assertThat(served.device().dma().size()).isZero();
            }
        }

        @Test
        void shouldBeRefusedWithTwoDescriptors() {
            try (MemFd ram = MemFd.create("ram", 4096)) {
                assertThat(map(0, 4096, ram.fd(), ram.fd())).isEqualTo(EINVAL);
            }
        }

        @Test
        void shouldReachSharedMemoryWithoutAMessage() {
            try (MemFd ram = MemFd.create("ram", 8192);
                    Memory memory = Memory.allocate(4096)) {
                assertThat(map(0x10000, 8192, ram.fd())).isZero();
                served.model().buffer.putLong(0, 0x1122334455667788L);
                prepare(0x10ff8, 8, 1);
                client.store(0, Probe.GO, 4, Probe.WRITE_HERE);
                ram.read(0xff8, memory, 0, 8);
                assertThat(memory.getLong(0)).isEqualTo(0x1122334455667788L);
            }
        }

        @Test
        void shouldGoWithTheClient() {
            assertThat(map(0x1000, 0x1000)).isZero();
            client.close();
            served.awaitClosed();
            assertThat(served.device().dma().size()).isZero();
        }
    }

    /** A transfer within a register write: the client answers before it gets its own reply. */
    @Nested
    class WithinARegisterWrite {
        @Test
        void shouldReadByMessage() {
            assertThat(map(0x10000, 0x10000)).isZero();
            prepare(0x10010, 100, 1);
            int id = go(Probe.READ_HERE);

            WireClient.Frame message = client.answerDma(pattern(100));

            assertThat(message.command()).isEqualTo(WireClient.DMA_READ);
            assertThat(message.flags()).isZero();
            assertThat(message.payload().length()).isEqualTo(16);
            assertThat(message.payload().u64At(0)).isEqualTo(0x10010);
            assertThat(message.payload().u64At(8)).isEqualTo(100);
            assertThat(client.receive().id()).isEqualTo(id);
            byte[] got = new byte[100];
            served.model().buffer.get(0, got, 0, 100);
            assertThat(got).isEqualTo(pattern(100));
            assertThat(served.model().status()).isZero();
        }

        @Test
        void shouldWriteByMessage() {
            assertThat(map(0x10000, 0x10000)).isZero();
            served.model().buffer.put(0, pattern(100), 0, 100);
            prepare(0x10010, 100, 1);
            int id = go(Probe.WRITE_HERE);

            WireClient.Frame message = client.answerDma(new byte[0]);

            assertThat(message.command()).isEqualTo(WireClient.DMA_WRITE);
            assertThat(message.payload().u64At(0)).isEqualTo(0x10010);
            assertThat(message.payload().u64At(8)).isEqualTo(100);
            assertThat(message.payload().from(16)).isEqualTo(pattern(100));
            assertThat(client.receive().id()).isEqualTo(id);
            assertThat(served.model().status()).isZero();
        }

        @Test
        void shouldCarryAMebibyteEachWay() {
            assertThat(map(0, 1 << 20)).isZero();
            prepare(0, 1 << 20, 1);
            go(Probe.READ_HERE);
            client.answerDma(pattern(1 << 20));
            assertThat(client.receive().isError()).isFalse();
            go(Probe.WRITE_HERE);
            assertThat(client.answerDma(new byte[0]).payload().from(16))
                    .isEqualTo(pattern(1 << 20));
            assertThat(client.receive().isError()).isFalse();
        }

        @Test
        void shouldSplitWhatIsLargerThanTheClientTakes() {
            client.close();
            served.awaitClosed();
            try (WireClient small = WireClient.connect(served.socket())) {
                assertThat(
                                small.version(
                                                0,
                                                0,
                                                "{\"capabilities\":{\"max_data_xfer_size\":4096}}")
                                        .isError())
                        .isFalse();
                assertThat(small.errno(WireClient.DMA_MAP, WireClient.map(0, 0x10000, 0, 3)))
                        .isZero();
                Bytes registers = new Bytes().u64(0).u32(10_000).u32(1);
                small.write(0, Probe.IOVA, registers.toArray());
                small.send(
                        WireClient.REGION_WRITE,
                        0,
                        WireClient.access(0, Probe.GO, 4).u32(Probe.READ_HERE));
                List<Long> sizes = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    sizes.add(small.answerDma(new byte[4096]).payload().u64At(8));
                }
                assertThat(sizes).containsExactly(4096L, 4096L, 1808L);
                assertThat(small.receive().isReply()).isTrue();
            }
        }

        @ParameterizedTest
        @CsvSource({"5, -5", "19, -19", "0, -5", "-1, -5", "4095, -4095"})
        void shouldPassTheClientsErrnoOn(int errno, long status) {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            go(Probe.READ_HERE);
            WireClient.Frame message = client.receive();
            client.raw(
                    new Bytes()
                            .u16(message.id())
                            .u16(message.command())
                            .u32(16)
                            .u32(WireClient.REPLY | WireClient.ERROR)
                            .u32(errno));
            assertThat(client.receive().isError()).isFalse();
            assertThat(served.model().status()).isEqualTo(status);
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 1, 15, 16, 19})
        void shouldFailForAReplyThatIsTooShort(int length) {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            go(Probe.READ_HERE);
            WireClient.Frame message = client.receive();
            client.raw(
                    WireClient.frame(
                            message.id(),
                            message.command(),
                            WireClient.REPLY,
                            new Bytes(new byte[length])));
            assertThat(client.receive().isError()).isFalse();
            assertThat(served.model().status()).isEqualTo(-Errno.EPROTO.number());
        }

        @Test
        void shouldWaitForItsOwnReplyOnly() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            int id = go(Probe.READ_HERE);
            WireClient.Frame message = client.receive();
            Bytes payload = new Bytes().u64(0).u64(4).u32(0xbad);
            client.raw(
                    WireClient.frame(
                            message.id() + 1, message.command(), WireClient.REPLY, payload));
            client.raw(
                    WireClient.frame(id, WireClient.REGION_WRITE, WireClient.REPLY, new Bytes()));
            Bytes good = new Bytes().u64(0).u64(4).u32(0x600d);
            client.raw(WireClient.frame(message.id(), message.command(), WireClient.REPLY, good));
            assertThat(client.receive().id()).isEqualTo(id);
            assertThat(served.model().buffer.getInt(0)).isEqualTo(0x600d);
        }

        /** Requests that come meanwhile are answered afterwards, in their order. */
        @Test
        void shouldKeepWhatTheClientPipelinesForLater() {
            try (EventFd vector = EventFd.create()) {
                assertThat(map(0, 0x1000)).isZero();
                prepare(0, 4, 3);
                client.post(0, 0x40, 4, 1);
                int first = go(Probe.READ_HERE);
                client.post(0, 0x40, 4, 2);
                int second = client.send(WireClient.REGION_READ, 0, WireClient.access(0, 0x40, 4));
                int third =
                        client.send(
                                WireClient.SET_IRQS,
                                0,
                                WireClient.irqs(4 | 32, 2, 0, 1),
                                vector.fd());
                client.answerDma(new byte[4]);
                int fourth =
                        client.send(WireClient.REGION_WRITE, 0, WireClient.access(1, 0, 4).u32(9));
                client.answerDma(new byte[4]);
                client.answerDma(new byte[4]);

                assertThat(client.receive().id()).isEqualTo(first);
                WireClient.Frame read = client.receive();
                assertThat(read.id()).isEqualTo(second);
                assertThat(read.payload().u32At(16)).isEqualTo(2);
                WireClient.Frame set = client.receive();
                assertThat(set.id()).isEqualTo(third);
                assertThat(set.errno()).isZero();
                assertThat(client.receive().id()).isEqualTo(fourth);
                client.store(0, Probe.MESSAGE, 4, 0);
                assertThat(vector.drain()).isEqualTo(1);
            }
        }

        /** One transfer while the request before waits, and again from what was kept. */
        @Test
        void shouldDoItFromAKeptRequestToo() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            int first = go(Probe.READ_HERE);
            int second = go(Probe.WRITE_HERE);
            int third = go(Probe.READ_HERE);
            client.answerDma(new byte[4]);
            assertThat(client.receive().id()).isEqualTo(first);
            int fourth = client.send(WireClient.REGION_READ, 0, WireClient.access(0, 0, 4));
            client.answerDma(new byte[0]);
            assertThat(client.receive().id()).isEqualTo(second);
            client.answerDma(new byte[4]);
            assertThat(client.receive().id()).isEqualTo(third);
            assertThat(client.receive().id()).isEqualTo(fourth);
            assertThat(served.model().ended()).isEqualTo(3);
        }

        @Test
        void shouldEndWithTheClient() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            go(Probe.READ_HERE);
            client.receive();
            client.close();
            awaitEnded(1);
            assertThat(served.model().status()).isEqualTo(-Errno.ECONNRESET.number());
            served.client().close();
        }

        @Test
        void shouldEndWithAClientThatSendsNonsenseInstead() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            go(Probe.READ_HERE);
            client.receive();
            client.raw(new byte[16]);
            awaitEnded(1);
            assertThat(served.model().status()).isEqualTo(-Errno.ECONNRESET.number());
        }

        @Test
        void shouldNotKeepMoreThanIsReasonable() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            int before = Fd.openCount();
            go(Probe.READ_HERE);
            client.receive();
            try (EventFd vector = EventFd.create()) {
                Fd[] fds = new Fd[16];
                Arrays.fill(fds, vector.fd());
                for (int i = 0; i <= DeferredFrames.MAX_FDS / fds.length; i++) {
                    client.send(WireClient.SET_IRQS, 0, WireClient.irqs(36, 2, 0, 16), fds);
                }
                awaitEnded(1);
                assertThat(served.model().status()).isEqualTo(-Errno.ECONNRESET.number());
                served.awaitClosed();
            }
            client.close();
            served.client().close();
            served.awaitClosed();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(5))
                    .untilAsserted(() -> assertThat(Fd.openCount()).isLessThan(before));
        }

        @Test
        void shouldNotKeepMillionsOfSmallRequests() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            go(Probe.READ_HERE);
            client.receive();
            Bytes many = new Bytes();
            for (int i = 0; i < 100; i++) {
                many.bytes(WireClient.frame(i, 99, WireClient.NO_REPLY, new Bytes()));
            }
            byte[] piece = many.toArray();
            int most = DeferredFrames.MAX_BYTES / (16 + DeferredFrames.OVERHEAD);
            try {
                for (int sent = 0; sent < most + 200; sent += 100) {
                    client.raw(piece);
                }
            } catch (LinuxException closed) {
                assertThat(closed.errno()).isIn(Errno.EPIPE, Errno.ECONNRESET);
            }
            awaitEnded(1);
            served.awaitClosed();
        }
    }

    /** A transfer on the device's own thread, while the client does other things. */
    @Nested
    class FromTheDevicesThread {
        @Test
        void shouldGoOnBesideTheClientsRequests() {
            assertThat(map(0, 0x1000)).isZero();
            int times = 200;
            prepare(0, 8, times);
            client.send(
                    WireClient.REGION_WRITE,
                    0,
                    WireClient.access(0, Probe.GO, 4).u32(Probe.READ_THERE));
            int answered = 0;
            int replies = 0;
            int sent = 1;
            while (answered < times || replies < sent) {
                if (sent < 400) {
                    client.send(WireClient.REGION_READ, 0, WireClient.access(0, 0x40, 4));
                    sent++;
                }
                WireClient.Frame frame = client.receive();
                if (frame.isReply()) {
                    assertThat(frame.isError()).isFalse();
                    replies++;
                } else {
                    Bytes payload = new Bytes().u64(0).u64(8).u64(answered++);
                    client.raw(
                            WireClient.frame(
                                    frame.id(), frame.command(), WireClient.REPLY, payload));
                }
            }
            awaitEnded(1);
            assertThat(served.model().status()).isZero();
            assertThat(served.model().buffer.getLong(0)).isEqualTo(times - 1);
        }

        /** Both want to send a message; each gets its own answer. */
        @Test
        void shouldTakeTurnsWithTransfersWithinRegisterWrites() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 8, 50);
            client.store(0, Probe.GO, 4, Probe.READ_THERE);
            int within = 10;
            int sent = 0;
            int messages = 0;
            int replies = 0;
            while (messages < 50 + 50 * within || replies < within) {
                if (sent == replies && sent < within) {
                    go(Probe.READ_HERE);
                    sent++;
                }
                WireClient.Frame frame = client.receive();
                if (frame.isReply()) {
                    replies++;
                } else {
                    messages++;
                    Bytes payload = new Bytes().u64(0).u64(8).u64(messages);
                    client.raw(
                            WireClient.frame(
                                    frame.id(), frame.command(), WireClient.REPLY, payload));
                }
            }
            awaitEnded(1 + within);
            assertThat(served.model().status()).isZero();
        }

        @Test
        void shouldEndWithTheClient() {
            assertThat(map(0, 0x1000)).isZero();
            prepare(0, 4, 1);
            client.store(0, Probe.GO, 4, Probe.READ_THERE);
            assertThat(client.receive().command()).isEqualTo(WireClient.DMA_READ);
            client.close();
            awaitEnded(1);
            assertThat(served.model().status()).isEqualTo(-Errno.ECONNRESET.number());
            served.client().close();
        }

        @Test
        void shouldNotReachTheNextClient() {
            assertThat(map(0, 0x100000)).isZero();
            prepare(0, 4096, 1000);
            client.store(0, Probe.GO, 4, Probe.WRITE_THERE);
            client.answerDma(new byte[0]);
            client.close();
            try (WireClient next = served.client()) {
                awaitEnded(1);
                assertThat(next.load(0, 0x40, 4)).isZero();
                assertThat(next.hasReply(Duration.ofMillis(20))).as("no DMA message").isFalse();
            }
        }

        /** It has shut its own side down, and does not read what the device sends. */
        @Test
        void shouldNotHoldUpTheEndOfAClientThatDoesNotRead() {
            assertThat(map(0, 1 << 20)).isZero();
            prepare(0, 1 << 20, 10);
            client.store(0, Probe.GO, 4, Probe.WRITE_THERE);
            Descriptors.shutdownSending(client.stream().fd());
            awaitEnded(1);
            served.awaitClosed();
            served.client().close();
        }
    }
}
