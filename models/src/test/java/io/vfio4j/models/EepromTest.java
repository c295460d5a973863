/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The EEPROMs, and the bus that they are on. */
class EepromTest {
    private static final int SMALL = 0x50;
    private static final int LARGE = 0x54;

    private final I2cBus bus = new I2cBus(Map.of(SMALL, Eeprom.of24c02(), LARGE, Eeprom.of24c32()));

    private void write(int target, int... bytes) {
        assertThat(bus.start(target, false)).isTrue();
        for (int value : bytes) {
            assertThat(bus.write(value)).isTrue();
        }
    }

    private List<Integer> read(int target, int count) {
        assertThat(bus.start(target, true)).isTrue();
        return IntStream.range(0, count).map(_ -> bus.read()).boxed().toList();
    }

    private List<Integer> readAt(int target, int count, int... address) {
        write(target, address);
        List<Integer> bytes = read(target, count);
        bus.stop();
        return bytes;
    }

    @Test
    void shouldBeErasedAtFirst() {
        assertThat(readAt(SMALL, 256, 0)).containsOnly(0xff);
        assertThat(readAt(LARGE, 4096, 0, 0)).containsOnly(0xff);
    }

    @Test
    void shouldKeepWhatIsWritten() {
        write(LARGE, 0x0f, 0xfe, 0x12, 0x34);
        bus.stop();
        assertThat(readAt(LARGE, 3, 0x0f, 0xfd)).containsExactly(0xff, 0x12, 0x34);
    }

    @Test
    void shouldWrapAroundWithinAPageWhenWritten() {
        write(SMALL, 0x16, 1, 2, 3, 4);
        bus.stop();
        assertThat(readAt(SMALL, 10, 0x10))
                .containsExactly(3, 4, 0xff, 0xff, 0xff, 0xff, 1, 2, 0xff, 0xff);
    }

    @Test
    void shouldGoOnThroughAllOfItAndAroundWhenRead() {
        write(SMALL, 0xff, 7);
        bus.stop();
        write(SMALL, 0x00, 8);
        bus.stop();
        assertThat(readAt(SMALL, 3, 0xff)).containsExactly(7, 8, 0xff);
    }

    @Test
    void shouldGoOnWhereTheLastAccessEnded() {
        write(SMALL, 0x20, 1, 2, 3);
        bus.stop();
        readAt(SMALL, 1, 0x20);
        assertThat(read(SMALL, 2)).containsExactly(2, 3);
    }

    @Test
    void shouldWriteNothingBeforeTheStop() {
        write(SMALL, 0x20, 1);
        assertThat(readAt(SMALL, 1, 0x20)).containsExactly(0xff);
    }

    @Test
    void shouldIgnoreAddressBitsBeyondItsSize() {
        write(LARGE, 0xf0, 0x05, 9);
        bus.stop();
        assertThat(readAt(LARGE, 1, 0x00, 0x05)).containsExactly(9);
    }

    @Test
    void shouldNotAnswerForAnother() {
        assertThat(bus.start(0x51, true)).isFalse();
        assertThat(bus.start(0x51, false)).isFalse();
        assertThat(bus.write(1)).isFalse();
        assertThat(bus.read()).as("a wire that nobody drives").isEqualTo(0xff);
        bus.stop();
    }

    @Test
    void shouldEndATransferWhenAnotherIsAddressed() {
        write(SMALL, 0x20, 1);
        write(LARGE, 0x00, 0x00);
        bus.stop();
        assertThat(readAt(SMALL, 1, 0x20)).containsExactly(1);
    }

    @Test
    void shouldTakeSevenBitAddressesOnly() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new I2cBus(Map.of(0x80, Eeprom.of24c02())))
                .withMessageContaining("0x80");
    }
}
