/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.client.RegionInfo.MappableArea;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MemFd;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** By what somebody else can map a region as we do. */
@Timeout(20)
class RegionFileTest {
    private static final int READ_WRITE = 3;
    private static final int MMAP = 4;

    @TempDir static Path directory;

    private MemFd backing;

    @BeforeEach
    void make() {
        backing = MemFd.create("bar", 0x8000);
    }

    @AfterEach
    void close() {
        backing.close();
    }

    private void answer(Peer client, byte[] description, Fd... descriptors) {
        client.reply(
                client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO), description, descriptors);
    }

    private static byte[] sparse() {
        return DeviceInfoTest.sparse(0x4000, 0x1000, 0x1000, 0x3000, 0x1000);
    }

    private static byte[] whole(int flags, long offset) {
        return DeviceInfoTest.region(flags, 0x4000, 0, offset).array();
    }

    @Test
    void shouldBeTheFileThatTheServerSent() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            answer(client, sparse(), backing.fd());
                            assertThat(client.receive()).as("asked once").isEmpty();
                        })) {
            VfioDevice device = server.open();
            RegionFile region = device.regionFile(1).orElseThrow();
            assertThat(region.offset()).isZero();
            assertThat(region.areas())
                    .containsExactly(
                            new MappableArea(0x1000, 0x1000), new MappableArea(0x3000, 0x1000));
            try (MappedBar bar = device.map(1);
                    Mapping theirs = Mapping.map(region.file(), 0x3000, 0x1000, true)) {
                theirs.putInt(4, 77);
                assertThat(bar.getInt(0x3004)).isEqualTo(77);
            }
            assertThat(device.regionFile(1)).contains(region);
            device.close();
            assertThat(region.file().isOpen()).as("the device's").isFalse();
            assertThatThrownBy(() -> device.regionFile(1))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void shouldTellWhereInTheFileTheWholeRegionIs() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answer(client, whole(READ_WRITE | MMAP, 0x2000), backing.fd());
                                    client.expectEnd();
                                });
                VfioDevice device = server.open()) {
            RegionFile region = device.regionFile(0).orElseThrow();
            assertThat(region.offset()).isEqualTo(0x2000);
            assertThat(region.areas()).containsExactly(new MappableArea(0, 0x4000));
        }
    }

    /** Somebody may be passing the descriptor on just now. */
    @Test
    void shouldKeepTheDescriptorWhileTheFileIsTheSame() {
        try (MemFd other = MemFd.create("other", 0x8000);
                FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answer(client, sparse(), backing.fd());
                                    answer(client, whole(READ_WRITE | MMAP, 0), backing.fd());
                                    answer(client, sparse(), other.fd());
                                    answer(client, whole(READ_WRITE, 0));
                                    client.expectEnd();
                                });
                VfioDevice device = server.open()) {
            RegionFile first = device.regionFile(1).orElseThrow();
            assertThat(device.region(1).mappable()).hasSize(1);
            RegionFile second = device.regionFile(1).orElseThrow();
            assertThat(second.file()).isSameAs(first.file());
            assertThat(second.areas()).containsExactly(new MappableArea(0, 0x4000));
            assertThat(first.file().isOpen()).isTrue();

            assertThat(device.region(1).mappable()).hasSize(2);
            assertThat(first.file().isOpen()).as("another file").isFalse();
            assertThat(device.regionFile(1).orElseThrow().file().isOpen()).isTrue();

            assertThat(device.region(1).mappable()).isEmpty();
            assertThat(device.regionFile(1)).isEmpty();
        }
    }

    @Test
    void shouldBeNoneWhereNothingCanBeMapped() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answer(client, whole(READ_WRITE, 0));
                                    // Said to be mappable, but by what?
                                    answer(client, sparse());
                                    client.error(
                                            client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO),
                                            22);
                                    client.expectEnd();
                                });
                VfioDevice device = server.open()) {
            assertThat(device.regionFile(0)).isEmpty();
            assertThat(device.regionFile(1)).isEmpty();
            assertThatThrownBy(() -> device.regionFile(99))
                    .isInstanceOfSatisfying(
                            VfioException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        }
    }

    @Test
    void shouldBeTheKernelsDeviceAndWakeNobody(@TempDir Path folder) {
        FakeSysfs sysfs = new FakeSysfs(folder);
        sysfs.add("0000:01:00.0", 0x8086, 0x10d3, 0x020000);
        // Answers no ioctl: nobody asks.
        try (KernelHandle handle =
                new KernelHandle(backing.fd().duplicate(), sysfs.pci("0000:01:00.0"))) {
            long place = 1L << 40;
            MappableRegion[] known = {
                region(0, 0, List.of(), handle.fd()),
                region(1, place, List.of(new MappableArea(0, 0x4000)), handle.fd()),
            };
            KernelRegions regions =
                    new KernelRegions(handle, known, new RegionPlaces(new long[] {0, place}));
            assertThat(regions.file(0)).isEmpty();
            assertThat(regions.file(1))
                    .isEqualTo(
                            Optional.of(
                                    new RegionFile(
                                            handle.fd(),
                                            place,
                                            List.of(new MappableArea(0, 0x4000)))));
            assertThatThrownBy(() -> regions.file(2)).hasMessageContaining("region 2");
        }
    }

    private static MappableRegion region(
            int index, long offset, List<MappableArea> areas, Fd device) {
        return new MappableRegion(
                new RegionInfo(index, 0x4000, true, true, areas, List.of()), offset, device);
    }
}
