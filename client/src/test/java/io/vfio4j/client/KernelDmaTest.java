/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Memory that a device of this machine may write to is nobody else's until it may not any more. */
class KernelDmaTest {
    private static final int PAGE = 4096;

    /** An address space that does as it is told, but where it is told not to. */
    private static final class Space implements DmaSpace {
        private final Map<Long, Long> mapped = new HashMap<>();
        private final Map<Long, Errno> stuck = new HashMap<>();
        private Runnable whileMapping = () -> {};
        private String name = "iommu group 7";

        @Override
        public void map(long address, long iova, long size, DmaDirection direction) {
            whileMapping.run();
            if (mapped.putIfAbsent(iova, address) != null) {
                throw new LinuxException(Errno.EEXIST, "ioctl", "");
            }
        }

        @Override
        public void unmap(long iova, long size) {
            Errno refusal = stuck.get(iova);
            if (refusal != null) {
                throw new LinuxException(refusal, "ioctl", "");
            }
            assertThat(mapped.remove(iova)).isNotNull();
        }

        @Override
        public String dmaDomain() {
            return name;
        }
    }

    private final Space space = new Space();
    private final Memory memory = Memory.allocate(PAGE);
    private KernelHandle handle;
    private KernelDma dma;

    @BeforeEach
    void makeADevice(@TempDir Path directory) {
        FakeSysfs sysfs = new FakeSysfs(directory);
        sysfs.add("0000:01:00.0", 0x8086, 0x10d3, 0x020000);
        try (MemFd file = MemFd.create("device", PAGE)) {
            handle = new KernelHandle(file.fd().duplicate(), sysfs.pci("0000:01:00.0"));
        }
        dma = new KernelDma(handle, space);
    }

    @AfterEach
    void close() {
        memory.close();
        handle.close();
    }

    private DmaWindow map(long iova) {
        return dma.map(iova, memory, DmaDirection.BIDIRECTIONAL);
    }

    private void assertHeld() {
        assertThat(memory.isOpen()).isFalse();
        assertThat(memory.getByte(0)).isZero();
    }

    private void assertFreed() {
        assertThatThrownBy(() -> memory.getByte(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldKeepTheMemoryUntilTheLastWindowGoes() {
        DmaWindow first = map(0);
        DmaWindow second = map(PAGE);
        memory.close();
        assertHeld();
        first.unmap();
        first.unmap();
        assertHeld();
        second.close();
        assertFreed();
        assertThat(space.mapped).isEmpty();
    }

    @Test
    void shouldKeepSharedMemoryTheSameWay() {
        DmaMemory shared = DmaMemory.allocate(PAGE);
        DmaWindow window = dma.map(0, shared, DmaDirection.BIDIRECTIONAL);
        shared.close();
        assertThat(shared.getByte(0)).isZero();
        window.unmap();
        assertThatThrownBy(() -> shared.getByte(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldMapThePartThatWasSent() {
        try (MemFd guest = MemFd.create("guest", 4 * PAGE)) {
            DmaMemory part = DmaMemory.of(guest.fd().duplicate(), PAGE, 2 * PAGE, true);
            DmaWindow window = dma.map(0, part, DmaDirection.BIDIRECTIONAL);
            part.putInt(0, 77);
            try (var held = part.hold()) {
                assertThat(space.mapped).containsEntry(0L, held.address());
            }
            part.close();
            guest.truncate(0);
            assertThatThrownBy(() -> part.getInt(0)).isInstanceOf(MappingFaultException.class);
            window.unmap();
            assertThatThrownBy(() -> part.getInt(0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void shouldSayThatTheKernelFoundNothingToPin() {
        space.whileMapping =
                () -> {
                    throw new LinuxException(Errno.EFAULT, "ioctl", "");
                };
        assertThatThrownBy(() -> map(0))
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT))
                .hasMessageContaining("its file has just become shorter, or lies on a disk");
        memory.close();
        assertFreed();
    }

    @Test
    void shouldKeepTheMemoryWhileItIsBeingMapped() {
        space.whileMapping =
                () -> {
                    memory.close();
                    assertHeld();
                };
        map(0).unmap();
        assertFreed();
        assertThatThrownBy(() -> map(0)).isInstanceOf(IllegalStateException.class);
        assertThat(space.mapped).isEmpty();
    }

    @Test
    void shouldLetGoOfWhatWasNotMapped() {
        DmaWindow window = map(0);
        assertThatThrownBy(() -> map(0)).hasMessageContaining("EEXIST");
        assertThatThrownBy(() -> map(1)).hasMessageContaining("multiples of 4096");
        window.unmap();
        dma.close();
        assertThatThrownBy(() -> map(0)).hasMessage("0000:01:00.0 is closed");
        memory.close();
        assertFreed();
    }

    @Test
    void shouldFreeTheMemoryWithTheDevice() {
        DmaWindow window = map(0);
        memory.close();
        dma.close();
        assertFreed();
        window.close();
        assertThatThrownBy(window::unmap).hasMessage("0000:01:00.0 is closed");
    }

    @Test
    void shouldNeverFreeWhatTheKernelDoesNotUnmap() {
        DmaWindow window = map(0);
        DmaWindow _ = map(PAGE);
        space.stuck.put(0L, Errno.EIO);
        memory.close();
        assertThatThrownBy(window::unmap).hasMessageContaining("EIO");
        assertHeld();
        assertThatThrownBy(dma::close)
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO))
                .hasMessageStartingWith(
                        "unmapping DMA window of 4096 bytes at 0x0 of 0000:01:00.0: EIO")
                .hasMessageEndingWith(
                        "the device may still reach that memory, which is therefore not freed");
        assertThat(space.mapped).containsOnlyKeys(0L);
        dma.close();
        assertHeld();
    }

    @Test
    void shouldTakeForUnmappedWhatIsNotThereAnyMore() {
        DmaWindow _ = map(0);
        space.stuck.put(0L, Errno.ENOENT);
        memory.close();
        dma.close();
        assertFreed();
    }

    @Test
    void shouldPassAWindowOnToAnotherDeviceOfItsGroup() {
        KernelDma sibling = new KernelDma(handle, space);
        DmaWindow window = map(0);
        memory.close();

        DmaWindow passedOn = sibling.adopt(window);

        assertThat(sibling.adopt(passedOn)).isSameAs(passedOn);
        assertThatThrownBy(() -> sibling.adopt(window)).hasMessageEndingWith("not mapped any more");
        window.unmap();
        dma.close();
        assertThat(space.mapped).containsOnlyKeys(0L);
        assertHeld();
        passedOn.unmap();
        assertThat(space.mapped).isEmpty();
        assertFreed();
    }

    @Test
    void shouldNotPassAWindowOnToAnotherAddressSpace() {
        Space other = new Space();
        other.name = "iommu group 8";
        KernelDma stranger = new KernelDma(handle, other);
        assertThatThrownBy(() -> stranger.adopt(map(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "DMA window of 4096 bytes at 0x0 of 0000:01:00.0 is of another address"
                                + " space than 0000:01:00.0");
        dma.close();
        assertThat(space.mapped).isEmpty();
    }

    @Test
    void shouldNotPassAWindowOnToAClosedDevice() {
        KernelDma sibling = new KernelDma(handle, space);
        sibling.close();
        DmaWindow window = map(0);
        assertThatThrownBy(() -> sibling.adopt(window)).hasMessage("0000:01:00.0 is closed");
        assertThat(space.mapped).containsOnlyKeys(0L);
        window.unmap();
        assertThat(space.mapped).isEmpty();
    }
}
