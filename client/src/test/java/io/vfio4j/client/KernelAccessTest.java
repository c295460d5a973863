/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioFeature;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/**
 * System calls on a device's descriptor, and what their refusals mean. The descriptor is a file
 * here: it has two regions, of 4096 bytes and of 100, and answers no ioctl.
 */
@Timeout(20)
class KernelAccessTest {
    private static final String DEVICE = "0000:01:00.0";

    @TempDir Path directory;

    private FakeSysfs sysfs;
    private KernelHandle handle;
    private KernelRegions regions;

    @BeforeEach
    void makeADevice() {
        sysfs = new FakeSysfs(directory);
        sysfs.add(DEVICE, 0x8086, 0x10d3, 0x020000);
        try (MemFd file = MemFd.create("device", 4196)) {
            handle = new KernelHandle(file.fd().duplicate(), sysfs.pci(DEVICE));
        }
        regions =
                new KernelRegions(
                        handle, new MappableRegion[2], new RegionPlaces(new long[] {0, 4096}));
    }

    @AfterEach
    void close() {
        handle.close();
    }

    // Regions (spec B5)

    @Test
    void shouldReadAndWriteValues() {
        regions.writeValue(0, 8, 0x1122_3344_5566_7788L, 8);
        assertThat(regions.readValue(0, 8, 4)).isEqualTo(0x5566_7788L);
        assertThat(regions.readValue(0, 12, 2)).isEqualTo(0x3344);
        regions.writeValue(1, 0, 0x99, 1);
        assertThat(regions.readValue(1, 0, 1)).isEqualTo(0x99);
        assertThat(regions.readValue(0, 4095, 1)).isZero();
    }

    @Test
    void shouldReadAndWriteBytes() {
        byte[] bytes = {0, 1, 2, 3, 4, 5, 0};
        regions.write(0, 100, bytes, 1, 5);
        byte[] read = new byte[7];
        regions.read(0, 100, read, 1, 5);
        assertThat(read).isEqualTo(bytes);
        try (Memory memory = Memory.allocate(8192)) {
            memory.put(10, bytes, 0, 7);
            regions.write(0, 4000, memory, 11, 5);
            regions.read(0, 4000, memory, 0, 5);
            assertThat(memory.getInt(0)).isEqualTo(0x0403_0201);
            assertThatThrownBy(() -> regions.read(0, 0, memory, 8190, 3))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        byte[] large = new byte[4096];
        large[4095] = 7;
        regions.write(0, 0, large, 0, 4096);
        regions.read(0, 0, large, 0, 4096);
        assertThat(large[4095]).isEqualTo((byte) 7);
        regions.read(0, 0, read, 0, 0);
        regions.write(0, 0, read, 7, 0);
    }

    @Test
    void shouldSayHowFarItWentWhereTheKernelCutsAnAccessShort() {
        assertThatThrownBy(() -> regions.readValue(1, 98, 4))
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO))
                .hasMessage(
                        "reading 4 bytes at 0x62 of region 1 of 0000:01:00.0: the device did 2 of them");
        assertThatThrownBy(() -> regions.read(1, 90, new byte[32], 0, 32))
                .hasMessageEndingWith(
                        "reading 32 bytes at 0x5a of region 1 of 0000:01:00.0: the device did 10 of them");
    }

    @Test
    void shouldNotLeaveTheRegion() {
        for (int region : new int[] {-1, 0}) {
            assertThatThrownBy(() -> regions.readValue(region, 4095, 2))
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                    .hasMessageContaining("no such region or offset");
        }
        assertThatThrownBy(() -> regions.writeValue(0, -1, 0, 1)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> regions.read(0, 4000, new byte[97], 0, 97))
                .hasMessageContaining("EINVAL");
    }

    @Test
    void shouldSayThatADeviceIsClosed() {
        handle.close();
        handle.close();
        assertThatThrownBy(() -> regions.readValue(0, 0, 4))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("0000:01:00.0 is closed");
        assertThatThrownBy(() -> regions.write(0, 0, new byte[4], 0, 4))
                .hasMessage("0000:01:00.0 is closed");
        assertThatThrownBy(() -> regions.region(0)).hasMessage("0000:01:00.0 is closed");
        assertThatThrownBy(() -> handle.call(0x3b6f)).hasMessage("0000:01:00.0 is closed");
    }

    @Test
    void shouldSayThatAClosedEventfdIsNotTheDevice() {
        Fd other = handle.fd().duplicate();
        other.close();
        RawFeature wakeup = RawFeature.of(4 | 1 << 17, new byte[8]).withDescriptor(other);
        assertThatThrownBy(() -> new KernelFeatures(handle).request(wakeup))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("descriptor")
                .hasMessageNotContaining(DEVICE);
    }

    // Refusals

    @Test
    void shouldSayThatADeviceIsGone() {
        assertThat(handle.failed(Errno.ENODEV, "resetting it", "")).hasMessageContaining("ENODEV");
        assertThat(handle.failed(Errno.EIO, "resetting it", ""))
                .isExactlyInstanceOf(VfioException.class)
                .hasMessageContaining("could not be woken");
        assertThat(handle.accessFailed(Errno.EIO, "reading it"))
                .hasMessageContaining("is its memory enabled");
        sysfs.remove(DEVICE);
        assertThat(handle.failed(Errno.ENODEV, "resetting it", ""))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("the device is gone");
        assertThat(handle.accessFailed(Errno.EIO, "reading it"))
                .isInstanceOf(ConnectionLostException.class);
        assertThat(handle.failed(Errno.EINVAL, "resetting it", ""))
                .isExactlyInstanceOf(VfioException.class);
    }

    @Test
    void shouldSayWhichLinuxHasLowPower() {
        FeatureRequests features = new FeatureRequests(new KernelFeatures(handle));
        assertThat(features.supports(VfioFeature.LOW_POWER_ENTRY)).isFalse();
        assertThatThrownBy(features::enterLowPower)
                .isInstanceOfSatisfying(
                        UnsupportedFeatureException.class,
                        e -> assertThat(e.feature()).isEqualTo(VfioFeature.LOW_POWER_ENTRY));
        assertThatThrownBy(features::exitLowPower).isInstanceOf(UnsupportedFeatureException.class);
        assertThat(KernelFeatures.lacksLowPower(DEVICE, "5.10.0-46-cloud-amd64"))
                .isEqualTo(
                        "0000:01:00.0 cannot be put into low power: Linux 5.10 has no low-power features: 6.1 or later has");
        for (String newer : new String[] {"6.1.0-56-amd64", "6.12", "7.3.4+deb13", "", "x"}) {
            assertThat(KernelFeatures.lacksLowPower(DEVICE, newer))
                    .as(newer)
                    .endsWith("its driver does not implement the VFIO low-power features");
        }
    }

    @Test
    void shouldSayWhichFeatureWasRefused() {
        FeatureRequests features = new FeatureRequests(new KernelFeatures(handle));
        assertThatThrownBy(() -> features.get(1, 8))
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY))
                .hasMessageContaining("feature 1 (MIGRATION) of 0000:01:00.0");
        assertThatThrownBy(() -> features.request(RawFeature.of(1 << 17 | 3).withArgsz(100)))
                .hasMessageContaining("ENOTTY");
        assertThatThrownBy(() -> features.request(0, new byte[1 << 20], 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldCloseAMigrationStreamThatTheCallerDoesNotSee() {
        KernelFeatures features = new KernelFeatures(handle);
        int set = VfioFeature.MIG_DEVICE_STATE.number() | Vfio.VFIO_DEVICE_FEATURE_SET;
        for (int size : new int[] {0, 4, 7, 8}) {
            int before = Fd.openCount();
            try (Memory memory = Memory.allocate(4096)) {
                int stream = handle.fd().duplicate().number(); // Nobody's but for its number.
                memory.putInt(8 + 4, stream);
                byte[] data = features.answer(set, 8, size, memory).data();
                assertThat(data).hasSize(size);
                assertThat(Fd.openCount()).isEqualTo(size < 8 ? before : before + 1);
                if (size == 8) {
                    Fd.own(stream).close();
                }
            }
        }
    }

    @Test
    void shouldSayHowMuchMemoryMayBeLocked() {
        assertThat(KernelDma.advice(Errno.ENOMEM))
                .contains("RLIMIT_MEMLOCK")
                .containsPattern("may lock (unlimited|\\d+ bytes) ");
        assertThat(KernelDma.advice(Errno.EEXIST)).contains("something is mapped there");
        assertThat(KernelDma.advice(Errno.ENOSPC)).contains("too many windows");
        assertThat(KernelDma.advice(Errno.EINVAL)).contains("reserved_regions");
        assertThat(KernelDma.advice(Errno.EIO)).isEmpty();
    }
}
