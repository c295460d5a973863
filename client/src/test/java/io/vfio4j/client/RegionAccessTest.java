/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;

/** REGION_READ and REGION_WRITE: widths, splitting, posting, and what an answer may be. */
@Timeout(20)
class RegionAccessTest {
    @TempDir static Path directory;

    /** A region of bytes that are served as asked. */
    private static FakeServer memory(byte[] bytes, int maxTransfer) {
        return FakeServer.start(
                directory,
                client -> {
                    Peer.Frame _ = client.agree(16, maxTransfer);
                    while (true) {
                        Optional<Peer.Frame> next = client.receive();
                        if (next.isEmpty()) {
                            return;
                        }
                        serve(client, next.get(), bytes, maxTransfer);
                    }
                });
    }

    private static void serve(Peer client, Peer.Frame frame, byte[] bytes, int maxTransfer) {
        int offset = (int) frame.u64(0);
        int count = frame.u32(12);
        assertThat(frame.u32(8)).isEqualTo(3);
        assertThat(count).isBetween(1, maxTransfer);
        if (frame.command() == VfioUserCommand.REGION_READ.number()) {
            assertThat(frame.payload()).hasSize(16);
            client.replyRead(frame, Arrays.copyOfRange(bytes, offset, offset + count));
        } else {
            assertThat(frame.payload()).hasSize(16 + count);
            System.arraycopy(frame.payload(), 16, bytes, offset, count);
            if (!frame.noReply()) {
                client.replyWrite(frame);
            }
        }
    }

    @Test
    void shouldReadAndWriteEachWidthByOneAccess() {
        byte[] bytes = new byte[64];
        try (FakeServer server = memory(bytes, 1 << 20);
                VfioDevice device = server.open()) {
            device.writeByte(3, 0, (byte) 0x81);
            device.writeShort(3, 2, (short) 0x8182);
            device.writeInt(3, 4, 0x81828384);
            device.writeLong(3, 8, 0x8182838485868788L);

            assertThat(device.readByte(3, 0)).isEqualTo((byte) 0x81);
            assertThat(device.readShort(3, 2)).isEqualTo((short) 0x8182);
            assertThat(device.readInt(3, 4)).isEqualTo(0x81828384);
            assertThat(device.readLong(3, 8)).isEqualTo(0x8182838485868788L);
            assertThat(bytes[4]).as("little-endian").isEqualTo((byte) 0x84);
        }
    }

    @Test
    void shouldPostWritesInOrderAndWaitForNone() {
        byte[] bytes = new byte[64];
        try (FakeServer server = memory(bytes, 1 << 20);
                VfioDevice device = server.open();
                Memory block = Memory.allocate(16)) {
            block.putLong(0, 77);
            for (int i = 0; i < 100; i++) {
                device.postInt(3, 0, i);
                device.postLong(3, 8, i);
            }
            device.post(3, 16, block, 0, 8);

            assertThat(device.readInt(3, 0)).isEqualTo(99);
            assertThat(device.readLong(3, 8)).isEqualTo(99);
            assertThat(device.readLong(3, 16)).isEqualTo(77);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 1000, 4096, 100_000, 1 << 20})
    void shouldSplitWhatIsLongerThanTheServerTakes(int maxTransfer) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] region = new byte[maxTransfer < 1000 ? 4096 : 3 << 20];
        int length = region.length - 7;
        byte[] data = new byte[length];
        random.nextBytes(data);
        try (FakeServer server = memory(region, maxTransfer);
                VfioDevice device = server.open();
                Memory block = Memory.allocate(length + 3L)) {
            device.write(3, 5, data, 0, length);
            device.read(3, 5, block, 3, length);
            byte[] read = new byte[length];
            block.get(3, read, 0, length);
            assertThat(read).as("seed %d", seed).isEqualTo(data);

            block.put(3, new byte[100], 0, 100);
            device.write(3, 5, block, 3, length);
            device.read(3, 5, read, 0, length);
            Arrays.fill(data, 0, 100, (byte) 0);
            assertThat(read).as("seed %d", seed).isEqualTo(data);
        }
    }

    @Test
    void shouldSendNoMoreThanTheOptionsSay() {
        byte[] region = new byte[4096];
        try (FakeServer server = memory(region, 64)) {
            try (VfioDevice device =
                    VfioDevice.open(
                            new Target.VfioUser(server.path()),
                            OpenOptions.DEFAULTS.withMaxTransfer(64))) {
                device.write(3, 0, new byte[1000], 0, 1000);
            }
        }
    }

    @Test
    void shouldSendNothingForZeroBytes() {
        try (FakeServer server =
                FakeServer.agreeing(directory, client -> assertThat(client.receive()).isEmpty())) {
            try (VfioDevice device = server.open();
                    Memory block = Memory.allocate(8)) {
                device.read(0, 0, block, 8, 0);
                device.write(0, 0, block, 8, 0);
                device.post(0, 0, block, 8, 0);
                device.read(0, 0, new byte[0], 0, 0);
                device.write(0, 0, new byte[0], 0, 0);
            }
        }
    }

    @Test
    void shouldRefuseARangeOutsideTheCallersMemory() {
        try (FakeServer server =
                FakeServer.agreeing(directory, client -> assertThat(client.receive()).isEmpty())) {
            try (VfioDevice device = server.open();
                    Memory block = Memory.allocate(8)) {
                assertThatThrownBy(() -> device.read(0, 0, block, 1, 8))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> device.write(0, 0, block, -1, 8))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> device.read(0, 0, new byte[8], 4, 5))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> device.write(0, 0, new byte[8], 0, -1))
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 4096, 1 << 20})
    void shouldTellTheDevicesErrorAndGoOn(int length) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.error(client.expect(VfioUserCommand.REGION_READ), 5);
                            client.error(client.expect(VfioUserCommand.REGION_WRITE), 22);
                            client.replyRead(
                                    client.expect(VfioUserCommand.REGION_READ),
                                    new byte[] {1, 2, 3, 4});
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open();
                    Memory block = Memory.allocate(length)) {
                assertThatThrownBy(() -> device.read(2, 0x10, block, 0, length))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EIO))
                        .hasMessage(
                                "reading %d bytes at 0x10 of region 2 of vfio-user:%s: EIO"
                                        + " (input/output error): is its memory enabled (COMMAND), is it"
                                        + " in D0 (PMCSR)?",
                                length, server.path());
                assertThatThrownBy(() -> device.write(2, 0x10, block, 0, length))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
                assertThat(device.readInt(0, 0)).isEqualTo(0x04030201);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 4096, Integer.MIN_VALUE})
    void shouldTakeAnErrorWithoutErrnoAsAnInputOutputError(int errno) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.error(client.expect(VfioUserCommand.REGION_READ), errno);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.readInt(0, 0))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 4096, 1 << 20})
    void shouldTellThatAnAnswerIsShortAndGoOn(int length) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.replyRead(
                                    client.expect(VfioUserCommand.REGION_READ), new byte[2]);
                            Peer.Frame write = client.expect(VfioUserCommand.REGION_WRITE);
                            client.reply(
                                    write, Peer.bytes(16).putLong(0).putInt(0).putInt(2).array());
                            client.replyRead(
                                    client.expect(VfioUserCommand.REGION_READ), new byte[4]);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open();
                    Memory block = Memory.allocate(length)) {
                assertThatThrownBy(() -> device.read(0, 0, block, 0, length))
                        .isExactlyInstanceOf(VfioException.class)
                        .hasMessageContaining("the device did 2 of them");
                assertThatThrownBy(() -> device.write(0, 0, block, 0, length))
                        .isExactlyInstanceOf(VfioException.class)
                        .hasMessageContaining("the device did 2 of them");
                assertThat(device.readInt(0, 0)).isZero();
            }
        }
    }

    @Test
    void shouldAllocateNothingForAnAccess() throws Exception {
        byte[] bytes = new byte[64];
        try (FakeServer server = memory(bytes, 1 << 20);
                VfioDevice device = server.open()) {
            long sum = 0;
            for (int i = 0; i < 4_000; i++) {
                sum += accesses(device, i);
            }
            long before = allocated();
            for (int i = 0; i < 1_000; i++) {
                sum += accesses(device, i);
            }
            long allocated = allocated() - before;
            assertThat(sum).isNotZero();
            // Room for what the JVM does now and then; one object an access would be 64,000 bytes.
            assertThat(allocated).isLessThan(16_000);
        }
    }

    private static long accesses(VfioDevice device, int i) {
        device.writeInt(3, 0, i);
        device.postLong(3, 8, i);
        return device.readInt(3, 0) + device.readLong(3, 8);
    }

    /** Bytes this thread has ever allocated. By reflection: the module does not read management. */
    private static long allocated() throws ReflectiveOperationException {
        Object bean =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        Object bytes =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getCurrentThreadAllocatedBytes")
                        .invoke(bean);
        return ((Number) bytes).longValue();
    }
}
