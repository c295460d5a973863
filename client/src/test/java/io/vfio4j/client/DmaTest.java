/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/** DMA windows: shared by descriptor, or served by messages in and between calls. */
@Timeout(20)
class DmaTest {
    private static final int EFAULT = Errno.EFAULT.number();
    private static final long IOVA = 0xffff_ffff_0000_0000L;

    @TempDir static Path directory;

    private static Peer.Frame expectMap(Peer client, int flags, long size, int descriptors) {
        Peer.Frame map = client.expect(VfioUserCommand.DMA_MAP);
        assertThat(map.payload()).hasSize(32);
        assertThat(map.u32(0)).as("argsz").isEqualTo(32);
        assertThat(map.u32(4)).as("flags").isEqualTo(flags);
        assertThat(map.u64(8)).as("offset").isZero();
        assertThat(map.u64(16)).as("address").isEqualTo(IOVA);
        assertThat(map.u64(24)).as("size").isEqualTo(size);
        assertThat(map.descriptors()).hasSize(descriptors);
        return map;
    }

    private static void answerMap(Peer client, long size) {
        client.reply(expectMap(client, 3, size, 0), new byte[0]);
    }

    private static void answerUnmap(Peer client, long size) {
        Peer.Frame unmap = client.expect(VfioUserCommand.DMA_UNMAP);
        assertThat(unmap.payload()).hasSize(24);
        assertThat(unmap.u32(0)).as("argsz").isEqualTo(24);
        assertThat(unmap.u64(8)).isEqualTo(IOVA);
        assertThat(unmap.u64(16)).isEqualTo(size);
        client.reply(unmap, unmap.payload());
    }

    @Test
    void shouldShareMemoryByItsDescriptor() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    Peer.Frame map = expectMap(client, 3, 8192, 1);
                                    try (Mapping seen =
                                            Mapping.map(map.descriptors().get(0), 0, 8192, true)) {
                                        assertThat(seen.getInt(4096)).isEqualTo(77);
                                        seen.putInt(0, 88);
                                    }
                                    client.reply(map, new byte[0]);
                                    answerUnmap(client, 8192);
                                    client.expectEnd();
                                });
                DmaMemory memory = DmaMemory.allocate(8192)) {
            memory.putInt(4096, 77);
            try (VfioDevice device = server.open()) {
                try (DmaWindow window = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL)) {
                    assertThat(window.iova()).isEqualTo(IOVA);
                    assertThat(window.size()).isEqualTo(8192);
                    assertThat(memory.getInt(0)).isEqualTo(88);
                }
            }
        }
    }

    /** Each connection has an address space of its own. */
    @Test
    void shouldNotPassAWindowOnToAnotherConnection() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    client.reply(expectMap(client, 3, 4096, 1), new byte[0]);
                                    client.expectEnd();
                                });
                FakeServer other = FakeServer.agreeing(directory, Peer::expectEnd);
                DmaMemory memory = DmaMemory.allocate(4096);
                VfioDevice device = server.open();
                VfioDevice stranger = other.open()) {
            DmaWindow window = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
            assertThat(device.adoptDma(window)).isSameAs(window);
            assertThatThrownBy(() -> stranger.adoptDma(window))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is of another address space than");
        }
    }

    @Test
    void shouldSayWhereInItsFileSharedMemoryBegins() {
        try (MemFd guest = MemFd.create("guest", 16384);
                FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    Peer.Frame map = client.expect(VfioUserCommand.DMA_MAP);
                                    assertThat(map.u64(8)).as("offset").isEqualTo(8192);
                                    assertThat(map.u64(24)).as("size").isEqualTo(4096);
                                    try (Mapping seen =
                                            Mapping.map(
                                                    map.descriptors().get(0), 8192, 4096, true)) {
                                        assertThat(seen.getInt(4)).isEqualTo(77);
                                    }
                                    client.reply(map, new byte[0]);
                                    client.expectEnd();
                                });
                DmaMemory memory = DmaMemory.of(guest.fd().duplicate(), 8192, 4096, true)) {
            memory.putInt(4, 77);
            try (VfioDevice device = server.open()) {
                DmaWindow window = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                assertThat(window.size()).isEqualTo(4096);
            }
        }
    }

    @Test
    void shouldNotEvenAskForWhatCannotBe() {
        try (MemFd guest = MemFd.create("guest", 8192);
                FakeServer server =
                        FakeServer.agreeing(
                                directory, client -> assertThat(client.receive()).isEmpty());
                DmaMemory memory = DmaMemory.of(guest.fd().duplicate(), 0, 8192, false)) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(
                                () -> {
                                    DmaWindow _ =
                                            device.mapDma(IOVA, memory, DmaDirection.FROM_DEVICE);
                                })
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
                        .hasMessageStartingWith(
                                "mapping 8192 bytes for DMA at 0xffffffff00000000 of vfio-user:");
                guest.truncate(4096);
                assertThatThrownBy(
                                () -> {
                                    DmaWindow _ =
                                            device.mapDma(IOVA, memory, DmaDirection.TO_DEVICE);
                                })
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT));
            }
        }
    }

    @Test
    void shouldHaveAnAddressSpaceOfItsOwn() {
        try (FakeServer server = FakeServer.agreeing(directory, Peer::expectEnd);
                FakeServer other = FakeServer.agreeing(directory, Peer::expectEnd)) {
            try (VfioDevice device = server.open();
                    VfioDevice second = other.open()) {
                assertThat(device.dmaDomain()).startsWith("vfio-user:" + server.path());
                assertThat(device.dmaDomain())
                        .isEqualTo(device.dmaDomain())
                        .isNotEqualTo(second.dmaDomain());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"TO_DEVICE, 1", "FROM_DEVICE, 2", "BIDIRECTIONAL, 3"})
    void shouldSayWhatTheDeviceMayDo(DmaDirection direction, int flags) {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    client.reply(expectMap(client, flags, 4096, 0), new byte[0]);
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(4096)) {
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(IOVA, memory, direction);
            }
        }
    }

    @Test
    void shouldTellThatTheDeviceRefusesAndServeNothing() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    client.error(
                                            client.expect(VfioUserCommand.DMA_MAP),
                                            Errno.EEXIST.number());
                                    Peer.Frame call = client.expect(VfioUserCommand.DEVICE_RESET);
                                    client.dmaRead(IOVA, 4);
                                    assertThat(errorOf(client, VfioUserCommand.DMA_READ))
                                            .isEqualTo(EFAULT);
                                    client.reply(call, new byte[0]);
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(4096)) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(
                                () -> {
                                    DmaWindow _ =
                                            device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                                })
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
                        .hasMessageContaining("mapping 4096 bytes for DMA at 0xffffffff00000000");
                device.reset();
            }
        }
    }

    private static int errorOf(Peer client, VfioUserCommand command) {
        Peer.Frame answer = client.expectReply(command);
        assertThat(answer.flags()).isEqualTo(0x21);
        assertThat(answer.payload()).isEmpty();
        return answer.errno();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 4096, 65536, 1 << 20})
    void shouldServeTheServersMessagesInTheMiddleOfACall(int length) {
        long seed = System.nanoTime();
        byte[] data = new byte[length];
        new Random(seed).nextBytes(data);
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answerMap(client, 2 << 20);
                                    Peer.Frame call = client.expect(VfioUserCommand.REGION_READ);
                                    client.dmaWrite(IOVA + 5, data);
                                    Peer.Frame written =
                                            client.expectReply(VfioUserCommand.DMA_WRITE);
                                    assertThat(written.payload()).hasSize(16);
                                    assertThat(written.u64(0)).isEqualTo(IOVA + 5);
                                    assertThat(written.u64(8)).isEqualTo(length);
                                    client.dmaRead(IOVA + 5, length);
                                    Peer.Frame read = client.expectReply(VfioUserCommand.DMA_READ);
                                    assertThat(read.u64(0)).isEqualTo(IOVA + 5);
                                    assertThat(read.u64(8)).isEqualTo(length);
                                    assertThat(read.payload()).hasSize(16 + length).endsWith(data);
                                    client.replyRead(call, new byte[] {1, 0, 0, 0});
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(2 << 20)) {
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                assertThat(device.readInt(0, 0)).isEqualTo(1);
                byte[] seen = new byte[length];
                memory.get(5, seen, 0, length);
                assertThat(seen).as("seed %d", seed).isEqualTo(data);
            }
        }
    }

    @Test
    void shouldServeTheServersMessagesBetweenCalls() throws Exception {
        CountDownLatch served = new CountDownLatch(1);
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answerMap(client, 4096);
                                    for (int i = 0; i < 100; i++) {
                                        client.dmaWrite(IOVA + i, new byte[] {(byte) i});
                                        Peer.Frame _ =
                                                client.expectReply(VfioUserCommand.DMA_WRITE);
                                    }
                                    served.countDown();
                                    client.reply(
                                            client.expect(VfioUserCommand.DEVICE_RESET),
                                            new byte[0]);
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(4096)) {
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                served.await();
                device.reset();
                assertThat(memory.getByte(99)).isEqualTo((byte) 99);
            }
        }
    }

    @Test
    void shouldServeAMessageThatArrivesInOnePieceWithAnAnswer() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answerMap(client, 4096);
                                    Peer.Frame call = client.expect(VfioUserCommand.REGION_READ);
                                    // An error is shorter than what the client offers room for.
                                    client.raw(
                                            Peer.bytes(16 + 32)
                                                    .put(Peer.header(call.id(), 9, 16, 0x21, 5))
                                                    .put(Peer.header(7, 11, 32, 0, 0))
                                                    .putLong(IOVA)
                                                    .putLong(4)
                                                    .array());
                                    Peer.Frame read = client.expectReply(VfioUserCommand.DMA_READ);
                                    assertThat(read.u32(16)).isEqualTo(0x11223344);
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(4096)) {
            memory.putInt(0, 0x11223344);
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                assertThatThrownBy(() -> device.read(0, 0, new byte[4096], 0, 4096))
                        .isExactlyInstanceOf(VfioException.class);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "4096, 1", // behind the end
        "-1, 1", // before the start
        "4090, 7", // across the end
        "4096, 0x100000", // far behind
    })
    void shouldRefuseAddressesOutsideEveryWindow(long offset, int count) {
        whileCalling(
                DmaDirection.BIDIRECTIONAL,
                client -> {
                    client.dmaRead(IOVA + offset, count);
                    assertThat(errorOf(client, VfioUserCommand.DMA_READ)).isEqualTo(EFAULT);
                    client.dmaWrite(IOVA + offset, new byte[count]);
                    assertThat(errorOf(client, VfioUserCommand.DMA_WRITE)).isEqualTo(EFAULT);
                });
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, (1 << 20) + 1, 1L << 32})
    void shouldRefuseToReadMoreThanAMessageMoves(long count) {
        whileCalling(
                DmaDirection.BIDIRECTIONAL,
                client -> {
                    client.dmaRead(IOVA, count);
                    assertThat(errorOf(client, VfioUserCommand.DMA_READ))
                            .isEqualTo(Errno.EINVAL.number());
                });
    }

    @Test
    void shouldNotLetTheDeviceWriteWhatItMayRead() {
        whileCalling(
                DmaDirection.TO_DEVICE,
                client -> {
                    client.dmaWrite(IOVA, new byte[4]);
                    assertThat(errorOf(client, VfioUserCommand.DMA_WRITE))
                            .isEqualTo(Errno.EACCES.number());
                });
    }

    @Test
    void shouldNotLetTheDeviceReadWhatItMayWrite() {
        whileCalling(
                DmaDirection.FROM_DEVICE,
                client -> {
                    client.dmaRead(IOVA, 4);
                    assertThat(errorOf(client, VfioUserCommand.DMA_READ))
                            .isEqualTo(Errno.EACCES.number());
                });
    }

    private static void whileCalling(DmaDirection direction, FakeServer.Script script) {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    client.reply(
                                            client.expect(VfioUserCommand.DMA_MAP), new byte[0]);
                                    Peer.Frame call = client.expect(VfioUserCommand.DEVICE_RESET);
                                    script.run(client);
                                    client.reply(call, new byte[0]);
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(4096)) {
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(IOVA, memory, direction);
                device.reset();
            }
        }
    }

    @Test
    void shouldRefuseMemoryThatItsOwnerClosedTooEarly() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        CountDownLatch served = new CountDownLatch(1);
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            answerMap(client, 1 << 20);
                            closed.await();
                            for (int length : new int[] {4, 1 << 20}) {
                                client.dmaRead(IOVA, length);
                                assertThat(errorOf(client, VfioUserCommand.DMA_READ))
                                        .isEqualTo(EFAULT);
                                client.dmaWrite(IOVA, new byte[length]);
                                assertThat(errorOf(client, VfioUserCommand.DMA_WRITE))
                                        .isEqualTo(EFAULT);
                            }
                            served.countDown();
                            client.reply(client.expect(VfioUserCommand.DEVICE_RESET), new byte[0]);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                Memory memory = Memory.allocate(1 << 20);
                DmaWindow _ = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                memory.close();
                closed.countDown();
                served.await();
                device.reset();
            }
        }
    }

    @Test
    void shouldUnmapOnceAndServeNoLonger() throws Exception {
        CountDownLatch refused = new CountDownLatch(1);
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answerMap(client, 4096);
                                    client.error(client.expect(VfioUserCommand.DMA_UNMAP), 16);
                                    answerUnmap(client, 4096);
                                    client.dmaRead(IOVA, 4);
                                    assertThat(errorOf(client, VfioUserCommand.DMA_READ))
                                            .isEqualTo(EFAULT);
                                    refused.countDown();
                                    client.expectEnd();
                                });
                Memory memory = Memory.allocate(4096)) {
            try (VfioDevice device = server.open()) {
                DmaWindow window = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                assertThatThrownBy(window::unmap)
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
                window.unmap();
                window.unmap();
                window.close();
                refused.await();
            }
        }
    }

    @Test
    void shouldCloseAWindowOfADeviceThatIsClosedOrLost() {
        try (FakeServer server = FakeServer.agreeing(directory, client -> answerMap(client, 4096));
                Memory memory = Memory.allocate(4096)) {
            VfioDevice device = server.open();
            DmaWindow window = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
            server.join();
            window.close();
            device.close();
            window.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"-4096, 8192", "-1, 2"})
    void shouldRefuseAWindowThatWrapsAround(long iova, int size) {
        try (FakeServer server = FakeServer.agreeing(directory, Peer::expectEnd);
                Memory memory = Memory.allocate(size)) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(
                                () -> {
                                    DmaWindow _ =
                                            device.mapDma(iova, memory, DmaDirection.TO_DEVICE);
                                })
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void shouldNoticeTheServersEndBetweenCalls() {
        try (FakeServer server = FakeServer.agreeing(directory, client -> answerMap(client, 4096));
                Memory memory = Memory.allocate(4096)) {
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
                server.join();
                assertThatThrownBy(device::reset).isInstanceOf(ConnectionLostException.class);
            }
        }
    }

    @Test
    void shouldHaveNoThreadWithoutAWindowThatNeedsIt() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    client.reply(expectMap(client, 3, 4096, 1), new byte[0]);
                                    answerMap(client, 4096);
                                    client.expectEnd();
                                });
                DmaMemory shared = DmaMemory.allocate(4096);
                Memory own = Memory.allocate(4096)) {
            try (VfioDevice device = server.open()) {
                DmaWindow _ = device.mapDma(IOVA, shared, DmaDirection.BIDIRECTIONAL);
                assertThat(threads(server)).isZero();
                DmaWindow _ = device.mapDma(IOVA, own, DmaDirection.BIDIRECTIONAL);
                assertThat(threads(server)).isOne();
            }
            assertThat(threads(server)).isZero();
        }
    }

    private static long threads(FakeServer server) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("vfio4j-dma vfio-user:" + server.path()))
                .count();
    }
}
