/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/**
 * A mapped BAR is a gate: it answers, or says that the device sleeps, and never harms (spec B4).
 */
@Timeout(20)
class MappedBarTest {
    @TempDir static Path directory;

    private MemFd backing;
    private FakeServer server;
    private VfioDevice device;
    private MappedBar bar;

    @BeforeEach
    void map() {
        backing = MemFd.create("bar", 0x4000);
        server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            client.reply(
                                    client.expect(VfioUserCommand.DEVICE_GET_REGION_INFO),
                                    DeviceInfoTest.sparse(0x4000, 0x1000, 0x1000, 0x3000, 0x1000),
                                    backing.fd());
                            assertThat(client.receive()).as("the region is asked once").isEmpty();
                        });
        device = server.open();
        bar = device.map(1);
    }

    @AfterEach
    void close() {
        bar.close();
        device.close();
        server.close();
        backing.close();
    }

    @Test
    void shouldReachTheDevicesMemoryByEachWidth() {
        bar.putLong(0x1000, 0x1122334455667788L);
        assertThat(bar.getLong(0x1000)).isEqualTo(0x1122334455667788L);
        assertThat(bar.getInt(0x1000)).isEqualTo(0x55667788);
        assertThat(bar.getShort(0x1002)).isEqualTo((short) 0x5566);
        assertThat(bar.getByte(0x1007)).isEqualTo((byte) 0x11);
        bar.putInt(0x3ffc, 1);
        bar.putShort(0x3000, (short) 2);
        bar.putByte(0x3fff, (byte) 3);
        assertThat(bar.getInt(0x3ffc)).isEqualTo(0x03000001);

        try (MappedBar again = device.map(1)) {
            assertThat(again.getInt(0x1000)).as("shared").isEqualTo(0x55667788);
            assertThat(again.areas()).hasSize(2);
            assertThat(again.region()).isEqualTo(1);
        }
    }

    @Test
    void shouldCopyInBulk() {
        byte[] out = {1, 2, 3, 4, 5};
        byte[] back = new byte[5];
        try (Memory block = Memory.allocate(5)) {
            bar.put(0x1001, out, 0, 5);
            bar.copyTo(0x1001, block, 0, 5);
            bar.copyFrom(0x3001, block, 0, 5);
            bar.get(0x3001, back, 0, 5);
        }
        assertThat(back).isEqualTo(out);
    }

    @Test
    void shouldRefuseWhatIsNotMapped() {
        for (long offset : new long[] {0, 0xffe, 0x1ffe, 0x2000, 0x3ffe, -1, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> bar.getInt(offset))
                    .as("0x%x", offset)
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("region 1 (a BAR)")
                    .hasMessageContaining("[0x1000, 0x2000), [0x3000, 0x4000)");
        }
        assertThatThrownBy(() -> bar.get(0x1ff0, new byte[32], 0, 32))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void shouldSayThatTheDeviceSleepsAndAnswerAgainWhenItIsAwake() {
        bar.putInt(0x1010, 7);
        backing.truncate(0);
        try (Memory block = Memory.allocate(64)) {
            Runnable[] accesses = {
                () -> assertThat(bar.getByte(0x1010)).isNull(),
                () -> assertThat(bar.getShort(0x1010)).isNull(),
                () -> assertThat(bar.getInt(0x1010)).isNull(),
                () -> assertThat(bar.getLong(0x1010)).isNull(),
                () -> bar.putByte(0x1010, (byte) 1),
                () -> bar.putShort(0x1010, (short) 1),
                () -> bar.putInt(0x1010, 1),
                () -> bar.putLong(0x1010, 1),
                () -> bar.get(0x1010, new byte[4], 0, 4),
                () -> bar.put(0x1010, new byte[4], 0, 4),
                () -> bar.copyTo(0x1010, block, 0, 64),
                () -> bar.copyFrom(0x1010, block, 0, 64),
            };
            for (Runnable access : accesses) {
                assertThatThrownBy(access::run)
                        .isInstanceOfSatisfying(
                                BarAsleepException.class,
                                e -> {
                                    assertThat(e.region()).isEqualTo(1);
                                    assertThat(e.offset()).isEqualTo(0x1010);
                                    assertThat(e.errno()).isEqualTo(Errno.EFAULT);
                                })
                        .hasMessageContaining("0x1010 of mapped region 1 of vfio-user:")
                        .hasMessageContaining("exitLowPower");
            }
        }
        backing.truncate(0x4000);
        assertThat(bar.getInt(0x1010)).isZero();
        bar.putInt(0x1010, 8);
        assertThat(bar.getInt(0x1010)).isEqualTo(8);
    }

    @Test
    void shouldStayMappedAfterTheDeviceIsClosed() {
        device.close();
        bar.putInt(0x1000, 9);
        assertThat(bar.getInt(0x1000)).isEqualTo(9);
    }

    @Test
    void shouldRefuseAccessAfterItsOwnClose() {
        bar.close();
        assertThatThrownBy(() -> bar.getInt(0x1000)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldRefuseADescriptorThatCannotBeMapped() {
        try (FakeServer other =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    try (EventFd event = EventFd.create()) {
                                        client.reply(
                                                client.expect(
                                                        VfioUserCommand.DEVICE_GET_REGION_INFO),
                                                DeviceInfoTest.sparse(0x4000, 0x1000, 0x1000),
                                                event.fd());
                                    }
                                    client.expectEnd();
                                });
                VfioDevice strange = other.open()) {
            assertThatThrownBy(
                            () -> {
                                MappedBar _ = strange.map(1);
                            })
                    .isInstanceOf(VfioException.class)
                    .hasMessageContaining("region 1 of " + strange.target() + " cannot be mapped");
        }
    }
}
