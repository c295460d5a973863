/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;

/** GET_INFO, GET_REGION_INFO and GET_IRQ_INFO: what is asked, and which answers are believed. */
@Timeout(20)
class DeviceInfoTest {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int MMAP = 4;
    private static final int CAPS = 8;

    @TempDir static Path directory;

    @Test
    void shouldTellWhatTheDeviceIs() {
        answering(
                VfioUserCommand.DEVICE_GET_INFO,
                Peer.bytes(16).putInt(16).putInt(3).putInt(9).putInt(5).array(),
                device -> {
                    DeviceInfo info = device.info();
                    assertThat(info.pci()).isTrue();
                    assertThat(info.resettable()).isTrue();
                    assertThat(info.regions()).isEqualTo(9);
                    assertThat(info.irqs()).isEqualTo(5);
                });
    }

    @ParameterizedTest
    @CsvSource({"-1, 5", "9, -1", "1025, 5", "9, 1025", "2147483647, 0"})
    void shouldNotBelieveCountsThatNoDeviceHas(int regions, int irqs) {
        answering(
                VfioUserCommand.DEVICE_GET_INFO,
                Peer.bytes(16).putInt(16).putInt(3).putInt(regions).putInt(irqs).array(),
                device ->
                        assertThatThrownBy(device::info)
                                .isInstanceOf(ProtocolViolationException.class));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 15, 17, 64})
    void shouldNotBelieveAnInfoOfAnotherSize(int size) {
        answering(
                VfioUserCommand.DEVICE_GET_INFO,
                new byte[size],
                device ->
                        assertThatThrownBy(device::info)
                                .isInstanceOf(ProtocolViolationException.class));
    }

    @Test
    void shouldTellWhatAnInterruptIndexIs() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame request = client.expect(VfioUserCommand.DEVICE_GET_IRQ_INFO);
                            assertThat(request.payload()).hasSize(16);
                            assertThat(request.u32(0)).isEqualTo(16);
                            assertThat(request.u32(8)).isEqualTo(2);
                            client.reply(
                                    request,
                                    Peer.bytes(16)
                                            .putInt(16)
                                            .putInt(9)
                                            .putInt(2)
                                            .putInt(5)
                                            .array());
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                IrqInfo irq = device.irq(2);
                assertThat(irq).isEqualTo(new IrqInfo(2, 9, 5));
                assertThat(irq.eventFd()).isTrue();
                assertThat(irq.noResize()).isTrue();
                assertThat(irq.maskable()).isFalse();
                assertThat(irq.automasked()).isFalse();
            }
        }
    }

    @Test
    void shouldTellWhatARegionIs() {
        region(
                region(READ | WRITE, 0x1000, 0, 0).array(),
                device -> {
                    RegionInfo region = device.region(1);
                    assertThat(region.index()).isEqualTo(1);
                    assertThat(region.size()).isEqualTo(0x1000);
                    assertThat(region.readable()).isTrue();
                    assertThat(region.writable()).isTrue();
                    assertThat(region.mappable()).isEmpty();
                    assertThat(region.capabilities()).isEmpty();
                    assertThatThrownBy(() -> device.map(1))
                            .isInstanceOfSatisfying(
                                    VfioException.class,
                                    e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
                });
    }

    @Test
    void shouldTellThatThereIsNoSuchRegion() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.error(client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO), 22);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.region(99))
                        .hasMessage(
                                "asking for region 99 of vfio-user:%s: EINVAL (invalid argument)",
                                server.path());
            }
        }
    }

    @Test
    void shouldTellTheMappablePartsOfASparseRegion() {
        withDescriptor(
                sparse(0x4000, 0x1000, 0x1000, 0x3000, 0x1000),
                device -> {
                    RegionInfo region = device.region(1);
                    assertThat(region.mappable())
                            .containsExactly(
                                    new RegionInfo.MappableArea(0x1000, 0x1000),
                                    new RegionInfo.MappableArea(0x3000, 0x1000));
                    assertThat(region.capabilities()).hasSize(1);
                    assertThat(region.capabilities().getFirst().name()).isEqualTo("sparse_mmap");
                });
    }

    @Test
    void shouldTakeTheWholeRegionAsMappableWithoutTheCapability() {
        withDescriptor(
                region(READ | MMAP, 0x2000, 0, 0).array(),
                device ->
                        assertThat(device.region(1).mappable())
                                .containsExactly(new RegionInfo.MappableArea(0, 0x2000)));
    }

    @Test
    void shouldTakeARegionWithoutItsDescriptorAsNotMappable() {
        region(
                region(READ | MMAP, 0x2000, 0, 0).array(),
                device -> assertThat(device.region(1).mappable()).isEmpty());
    }

    @Test
    void shouldAskAgainForACapabilityListThatIsLonger() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame first =
                                    client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO);
                            client.reply(
                                    first, region(READ | CAPS, 64, 32, 0).putInt(0, 5000).array());
                            Peer.Frame second =
                                    client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO);
                            assertThat(second.u32(0)).isEqualTo(5000);
                            byte[] answer = new byte[5000];
                            Peer.bytes(40)
                                    .put(region(READ | CAPS, 64, 32, 0).putInt(0, 5000).array())
                                    .putShort((short) 3)
                                    .putShort((short) 1)
                                    .putInt(0)
                                    .get(0, answer, 0, 40);
                            client.reply(second, answer);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThat(device.region(0).capabilities())
                        .containsExactly(new RegionInfo.RegionCapability(3, 1));
            }
        }
    }

    @Test
    void shouldNotBelieveARegionOfMoreThanHalfTheAddresses() {
        untrue(region(READ, -1, 0, 0).array());
    }

    @Test
    void shouldNotBelieveACapabilityListThatNeverEnds() {
        byte[] circle =
                Peer.bytes(48)
                        .put(region(READ | CAPS, 64, 32, 0).array())
                        .putShort((short) 3)
                        .putShort((short) 1)
                        .putInt(32)
                        .array();
        untrue(circle);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 31, 33, 4096, -8})
    void shouldNotBelieveACapabilityOutsideTheAnswer(int offset) {
        untrue(region(READ | CAPS, 64, offset, 0).array());
    }

    @ParameterizedTest
    @CsvSource({
        "0x4000, 0x1000", // begins at the end
        "0x3000, 0x2000", // ends behind it
        "-4096, 0x1000", // begins before the start
        "0x1000, -1", // wraps around
        "0x1000, 0", // is none
    })
    void shouldNotBelieveAMappablePartOutsideTheRegion(long offset, long size) {
        untrue(sparse(0x4000, offset, size));
    }

    @Test
    void shouldNotBelieveMoreMappablePartsThanTheAnswerHolds() {
        byte[] answer = sparse(0x4000, 0x1000, 0x1000);
        ByteBuffer.wrap(answer).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(40, 1 << 28);
        untrue(answer);
    }

    @Test
    void shouldNotBelieveAMappingBeyondTheLastOffset() {
        untrue(region(READ | MMAP, 0x1000, 0, Long.MAX_VALUE - 10).array());
    }

    @Test
    void shouldRefuseMoreDescriptorsThanOneAndKeepNone() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            try (EventFd one = EventFd.create();
                                    EventFd two = EventFd.create()) {
                                client.reply(
                                        client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO),
                                        region(READ | MMAP, 0x2000, 0, 0).array(),
                                        one.fd(),
                                        two.fd());
                                client.expectEnd();
                            }
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.region(1))
                        .isInstanceOf(ProtocolViolationException.class)
                        .hasMessageContaining("region 1 came with 2 descriptors");
            }
        }
    }

    private static void untrue(byte[] answer) {
        region(
                answer,
                device ->
                        assertThatThrownBy(() -> device.region(1))
                                .isInstanceOf(ProtocolViolationException.class)
                                .hasMessageContaining("region 1"));
    }

    private static void region(byte[] answer, Consumer<VfioDevice> test) {
        answering(VfioUserCommand.DEVICE_GET_REGION_INFO, answer, test);
    }

    private static void answering(
            VfioUserCommand command, byte[] answer, Consumer<VfioDevice> test) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.reply(client.expect(command), answer);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                test.accept(device);
            }
        }
    }

    private static void withDescriptor(byte[] answer, Consumer<VfioDevice> test) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            try (MemFd memory = MemFd.create("bar", 0x4000)) {
                                client.reply(
                                        client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO),
                                        answer,
                                        memory.fd());
                                client.expectEnd();
                            }
                        })) {
            try (VfioDevice device = server.open()) {
                test.accept(device);
            }
        }
    }

    static ByteBuffer region(int flags, long size, int capOffset, long offset) {
        return Peer.bytes(32)
                .putInt(32)
                .putInt(flags)
                .putInt(1)
                .putInt(capOffset)
                .putLong(size)
                .putLong(offset);
    }

    /** A region with those mappable parts, each an offset and a size. */
    static byte[] sparse(long size, long... parts) {
        ByteBuffer answer = Peer.bytes(48 + 8 * parts.length);
        answer.put(region(READ | WRITE | MMAP | CAPS, size, 32, 0).array());
        answer.putShort((short) 1).putShort((short) 1).putInt(0);
        answer.putInt(parts.length / 2).putInt(0);
        for (long part : parts) {
            answer.putLong(part);
        }
        answer.putInt(0, answer.capacity());
        byte[] bytes = new byte[answer.capacity()];
        answer.get(0, bytes);
        return bytes;
    }
}
