/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Where regions are in a device's descriptor, and where the kernel must not be sent by mistake. */
class RegionPlacesTest {
    private static final long NOWHERE = RegionPlaces.NOWHERE;
    private static final long STRIDE = 1L << 40;

    /** As vfio-pci has them, the last one not told. */
    private final RegionPlaces regular =
            new RegionPlaces(new long[] {0, STRIDE, 2 * STRIDE, NOWHERE});

    private final RegionPlaces irregular = new RegionPlaces(new long[] {4096, 0, NOWHERE, 8192});

    @Test
    void shouldFindWhatTheKernelTold() {
        assertThat(regular.find(0, 0, 4)).isZero();
        assertThat(regular.find(1, 0x10, 4)).isEqualTo(STRIDE + 0x10);
        assertThat(irregular.find(0, 8, 4)).isEqualTo(4104);
        assertThat(irregular.find(3, 8, 4)).isEqualTo(8200);
    }

    @Test
    void shouldLeaveOffsetsBeyondARegionsEndToTheKernel() {
        assertThat(regular.find(0, 1L << 32, 4)).isEqualTo(1L << 32);
        assertThat(regular.find(0, 0, 0)).isZero();
    }

    @Test
    void shouldNotGoIntoTheNextRegion() {
        assertThat(regular.find(0, STRIDE - 4, 4)).isEqualTo(STRIDE - 4);
        assertThat(regular.find(0, STRIDE - 3, 4)).isEqualTo(NOWHERE);
        assertThat(regular.find(0, STRIDE, 4)).isEqualTo(NOWHERE);
        assertThat(regular.find(0, Long.MAX_VALUE, 4)).isEqualTo(NOWHERE);
        assertThat(regular.find(0, -1, 1)).isEqualTo(NOWHERE);
        assertThat(regular.find(0, 0, STRIDE + 1)).isEqualTo(NOWHERE);
        assertThat(irregular.find(1, 4092, 4)).isEqualTo(4092);
        assertThat(irregular.find(1, 4093, 4)).isEqualTo(NOWHERE);
        assertThat(irregular.find(3, 1L << 50, 4)).isEqualTo(8192 + (1L << 50));
        assertThat(irregular.find(3, Long.MAX_VALUE - 2, 4)).isEqualTo(NOWHERE);
    }

    @Test
    void shouldAskTheKernelForRegionsThatThereAreNot() {
        assertThat(regular.find(3, 4, 4)).isEqualTo(3 * STRIDE + 4);
        assertThat(regular.find(100, 0, 4)).isEqualTo(100 * STRIDE);
        assertThat(regular.find(-1, 0, 4)).isEqualTo(NOWHERE);
        assertThat(regular.find(Integer.MAX_VALUE, 0, 4)).as("beyond 2^63").isEqualTo(NOWHERE);
        assertThat(irregular.find(2, 0, 4)).isEqualTo(NOWHERE);
        assertThat(irregular.find(4, 0, 4)).isEqualTo(NOWHERE);
        assertThat(new RegionPlaces(new long[0]).find(0, 0, 4)).isEqualTo(NOWHERE);
    }
}
