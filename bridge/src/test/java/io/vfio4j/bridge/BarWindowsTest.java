/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;

/** Which of a client's windows are the device's own BARs, and when a guest can reach them. */
class BarWindowsTest {
    private static final int MEM_64 = PciRegs.PCI_BASE_ADDRESS_MEM_TYPE_64;
    private static final int PREFETCH = PciRegs.PCI_BASE_ADDRESS_MEM_PREFETCH;
    private static final int IO = PciRegs.PCI_BASE_ADDRESS_SPACE_IO;

    private final FakeDevice device = new FakeDevice();
    private final ConfigBars config = new ConfigBars();
    private final List<String> told = new ArrayList<>();
    private BarWindows bars;

    @BeforeEach
    void make() {
        device.bars[0] = 0x10000;
        device.bars[1] = 0x100;
        device.bars[2] = 0x4000_0000;
        bars =
                new BarWindows(
                        device.device(),
                        config.memory,
                        () -> told.add("mapped"),
                        () -> told.add("unmapped"));
    }

    @AfterEach
    void close() {
        config.close();
    }

    @ParameterizedTest
    @CsvSource({
        "0xfe700000, 0x10000, true",
        "0xfe700000, 0x1000, true",
        "0xfe70f000, 0x1000, true",
        "0xfe70f000, 0x2000, false",
        "0xfe6ff000, 0x1000, false",
        "0xfe6ff000, 0x11000, false",
        "0xfe710000, 0x1000, false",
        "0xfe700000, 0x7fffffffffffffff, false",
        "0x0, 0x1000, false",
    })
    void shouldKnowABarAndItsParts(long iova, long size, boolean bar) {
        config.put(0, 0xfe70_0000);
        assertThat(bars.holds(iova, size)).isEqualTo(bar);
    }

    @Test
    void shouldKnowABarOf64Bits() {
        config.put(2, 0x4000_0000 | MEM_64 | PREFETCH);
        config.put(3, 0x38);
        assertThat(bars.holds(0x38_4000_0000L, 0x4000_0000)).isTrue();
        assertThat(bars.holds(0x38_7fff_f000L, 0x1000)).isTrue();
        assertThat(bars.holds(0x4000_0000L, 0x1000)).as("without its high half").isFalse();
        config.put(3, 0x8000_0000);
        assertThat(bars.holds(0x8000_0000_4000_0000L, 0x1000)).isTrue();
    }

    @Test
    void shouldFollowTheGuest() {
        config.put(0, 0xfe70_0000);
        config.put(0, 0xfe80_0000);
        assertThat(bars.holds(0xfe70_0000L, 0x1000)).isFalse();
        assertThat(bars.holds(0xfe80_0000L, 0x1000)).isTrue();
    }

    /** QEMU maps and unmaps by its own copy of the registers, which outlives a reset. */
    @Test
    void shouldKnowABarByItsLastAddressUntilItHasAnother() {
        config.put(0, 0xfe70_0000);
        assertThat(bars.holds(0xfe70_0000L, 0x1000)).isTrue();
        config.put(0, 0);
        assertThat(bars.holds(0xfe70_0000L, 0x1000)).isTrue();
        config.put(0, 0xfe80_0000);
        assertThat(bars.holds(0xfe70_0000L, 0x1000)).isFalse();
    }

    /** Where a guest has its memory: a BAR without an address would cover it. */
    @Test
    void shouldNotTakeABarWithoutAnAddressForOneAt0() {
        config.put(2, MEM_64 | PREFETCH);
        config.put(3, 0);
        assertThat(bars.holds(0, 0xa0000)).isFalse();
    }

    @Test
    void shouldNotTakePortsForMemory() {
        config.put(0, 0x1_0000 | IO);
        assertThat(bars.holds(0x1_0000, 0x100)).isFalse();
    }

    @Test
    void shouldTakeNothingForABarThatTheDeviceLacks() {
        config.put(4, 0xfe70_0000);
        assertThat(bars.holds(0xfe70_0000L, 0x1000)).isFalse();
    }

    @Test
    void shouldTellOfTheFirstAndOfTheLast() {
        bars.mapped();
        bars.mapped();
        assertThat(told).containsExactly("mapped");
        bars.unmapped();
        assertThat(told).hasSize(1);
        bars.unmapped();
        bars.mapped();
        assertThat(told).containsExactly("mapped", "unmapped", "mapped");
    }
}
