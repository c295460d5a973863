/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.DmaWindow;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.models.Edu;
import io.vfio4j.power.Delays;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;

/** A client's memory in the reach of the device behind, over sockets from end to end. */
@Timeout(20)
class BridgedMemoryTest {
    private static final int CONFIG = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final DmaDirection BOTH = DmaDirection.BIDIRECTIONAL;
    private static final long PAGE = 4096;

    // edu's DMA engine
    private static final int SOURCE = 0x80;
    private static final int DESTINATION = 0x88;
    private static final int COUNT = 0x90;
    private static final int COMMAND = 0x98;
    private static final long BUFFER = 0x40000;
    private static final long TO_DEVICE = 1;
    private static final long TO_MEMORY = 3;

    private Bridged bridged;
    private VfioDevice client;

    @BeforeEach
    void open() {
        bridged = new Bridged(new Edu(Delays.ZERO), BridgeOptions.DEFAULTS);
        client = bridged.open();
        client.writeShort(
                CONFIG,
                PciRegs.PCI_COMMAND,
                (short) (PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_MASTER));
    }

    @AfterEach
    void close() {
        client.close();
        bridged.close();
    }

    private void transfer(long from, long to, long command) {
        client.writeLong(0, SOURCE, from);
        client.writeLong(0, DESTINATION, to);
        client.writeLong(0, COUNT, 8);
        client.writeLong(0, COMMAND, command);
        Awaitility.await()
                .atMost(SOON)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> (client.readLong(0, COMMAND) & 1) == 0);
    }

    @Test
    void shouldBeReadAndWrittenByTheDevice() {
        try (DmaMemory memory = DmaMemory.allocate(2 * PAGE);
                DmaWindow _ = client.mapDma(0x10_0000, memory, BOTH)) {
            assertThat(bridged.behind.dma().size()).isEqualTo(1);
            memory.putLong(8, 0x1122_3344_5566_7788L);
            transfer(0x10_0008, BUFFER, TO_DEVICE);
            transfer(BUFFER, 0x10_1000, TO_MEMORY);
            assertThat(memory.getLong(PAGE)).isEqualTo(0x1122_3344_5566_7788L);
        }
        assertThat(bridged.behind.dma().size()).isZero();
    }

    @Test
    void shouldGoWithTheClient() {
        try (DmaMemory memory = DmaMemory.allocate(PAGE)) {
            DmaWindow _ = client.mapDma(0, memory, BOTH);
            client.close();
            Awaitility.await().atMost(SOON).until(() -> bridged.behind.dma().size() == 0);
        }
    }

    private void assertErrno(Errno errno, ThrowingCallable request) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(request)
                .satisfies(it -> assertThat(it.errno()).isEqualTo(errno));
    }

    @Test
    void shouldBeRefusedWithoutADescriptor() {
        assertThat(client.info().pci()).isTrue();
        try (Memory memory = Memory.allocate(PAGE)) {
            assertErrno(Errno.EINVAL, () -> client.mapDma(0, memory, BOTH));
        }
        assertThat(client.info().pci()).as("the client goes on").isTrue();
        assertThat(bridged.behind.dma().size()).isZero();
    }

    /** QEMU maps first, goes on when that is refused, and then asks what the device is. */
    @Test
    void shouldKeepAVmmFromAGuestWithoutDma() {
        try (Memory memory = Memory.allocate(PAGE)) {
            assertErrno(Errno.EINVAL, () -> client.mapDma(0, memory, BOTH));
        }
        assertErrno(Errno.EINVAL, client::info);
    }

    /** So QEMU tells that its guest reaches a BAR, which is no memory that it could share. */
    @Test
    void shouldBeTakenWithoutADescriptorWhereTheGuestHasPutABar() {
        int bar = 0xfe70_0000;
        client.writeInt(CONFIG, PciRegs.PCI_BASE_ADDRESS_2, bar);
        long address = Integer.toUnsignedLong(bar);
        try (Memory seen = Memory.allocate(Edu.MEMORY_SIZE)) {
            DmaWindow window = client.mapDma(address, seen, BOTH);
            assertThat(bridged.behind.dma().size()).as("not reached").isZero();
            window.unmap();
            client.writeInt(CONFIG, PciRegs.PCI_BASE_ADDRESS_2, bar + Edu.MEMORY_SIZE);
            assertErrno(Errno.EINVAL, () -> client.mapDma(address, seen, BOTH));
        }
    }

    @Test
    void shouldBeRefusedWhereTheDeviceHasSomething() {
        try (DmaMemory memory = DmaMemory.allocate(PAGE);
                DmaWindow _ = client.mapDma(0, memory, BOTH)) {
            assertErrno(Errno.EEXIST, () -> client.mapDma(0, memory, BOTH));
        }
    }
}
