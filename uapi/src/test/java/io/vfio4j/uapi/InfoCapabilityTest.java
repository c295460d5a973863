/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Memory;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The chain of capabilities behind an info structure, and the arrays behind those. */
class InfoCapabilityTest {
    private static final int LENGTH = 128;

    private final Memory memory = Memory.allocate(LENGTH);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void shouldFollowTheChain() {
        new VfioInfoCapHeader(1, 1, 64).write(memory, 32);
        new VfioInfoCapHeader(3, 2, 0).write(memory, 64);

        assertThat(InfoCapability.chain(memory, 0, LENGTH, 32))
                .containsExactly(new InfoCapability(1, 1, 32), new InfoCapability(3, 2, 64));
    }

    @Test
    void shouldBeEmptyWithoutAFirst() {
        assertThat(InfoCapability.chain(memory, 0, LENGTH, 0)).isEmpty();
    }

    @Test
    void shouldRefuseAChainThatLeavesTheInfo() {
        new VfioInfoCapHeader(1, 1, 121).write(memory, 32);

        assertThatThrownBy(() -> InfoCapability.chain(memory, 0, LENGTH, 32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("capability at offset 121 of an info of 128 bytes");
        assertThatThrownBy(() -> InfoCapability.chain(memory, 0, LENGTH, -8))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("capability at offset 4294967288 of an info of 128 bytes");
    }

    @Test
    void shouldRefuseAChainThatRunsInACircle() {
        new VfioInfoCapHeader(1, 1, 64).write(memory, 32);
        new VfioInfoCapHeader(2, 1, 32).write(memory, 64);

        assertThatThrownBy(() -> InfoCapability.chain(memory, 0, LENGTH, 32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the chain of capabilities never ends");
    }

    @Test
    void shouldReadTheAreasThatCanBeMapped() {
        var header = new VfioInfoCapHeader(Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0);
        new VfioRegionInfoCapSparseMmap(header, 2).write(memory, 32);
        new VfioRegionSparseMmapArea(0, 4096).write(memory, 48);
        new VfioRegionSparseMmapArea(8192, 4096).write(memory, 64);

        assertThat(VfioRegionInfoCapSparseMmap.areas(memory, 32, 80))
                .containsExactly(
                        new VfioRegionSparseMmapArea(0, 4096),
                        new VfioRegionSparseMmapArea(8192, 4096));
        assertThatThrownBy(() -> VfioRegionInfoCapSparseMmap.areas(memory, 32, 79))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "struct vfio_region_info_cap_sparse_mmap announces 2 elements of 16 bytes,"
                                + " but 31 bytes follow it");
    }

    @Test
    void shouldNotAllocateWhatAPeerOnlyAnnounces() {
        var header = new VfioInfoCapHeader(Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0);
        new VfioRegionInfoCapSparseMmap(header, -1).write(memory, 32);

        assertThatThrownBy(() -> VfioRegionInfoCapSparseMmap.areas(memory, 32, LENGTH))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("announces 4294967295 elements");
    }

    @Test
    void shouldReadTheDevicesOfAHotReset() {
        new VfioPciHotResetInfo(28, 0, 2).write(memory, 0);
        new VfioPciDependentDevice(7, 0, 1, 0).write(memory, 12);
        new VfioPciDependentDevice(8, 0xffff, 0xff, 0xff).write(memory, 20);

        assertThat(VfioPciHotResetInfo.devices(memory, 0, 28))
                .containsExactly(
                        new VfioPciDependentDevice(7, 0, 1, 0),
                        new VfioPciDependentDevice(8, 0xffff, 0xff, 0xff));
    }

    @Test
    void shouldReadTheRangesOfAContainer() {
        var header = new VfioInfoCapHeader(Vfio.VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1, 0);
        new VfioIommuType1InfoCapIovaRange(header, 1).write(memory, 0);
        new VfioIovaRange(0, 0xfedf_ffffL).write(memory, 16);

        assertThat(VfioIommuType1InfoCapIovaRange.ranges(memory, 0, 32))
                .containsExactly(new VfioIovaRange(0, 0xfedf_ffffL));
    }

    @Test
    void shouldTellARegionFromADescriptorsOffset() {
        long offset = VfioPci.fileOffset(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, 4);

        assertThat(offset).isEqualTo((7L << 40) + 4);
        assertThat(VfioPci.region(offset)).isEqualTo(7);
        assertThat(offset & VfioPci.OFFSET_MASK).isEqualTo(4);
    }
}
