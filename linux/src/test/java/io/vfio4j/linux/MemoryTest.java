/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** A block of bytes: zeroed, little-endian at any alignment, and never touched outside. */
class MemoryTest {
    @Test
    void shouldBeginWithZeros() {
        try (Memory memory = Memory.allocate(100_000)) {
            for (int i = 0; i < 100_000; i++) {
                assertThat(memory.getByte(i)).isZero();
            }
            assertThat(memory.address() % 4096).isZero();
        }
    }

    @Test
    void shouldOutliveItsCloseWhileItIsHeld() {
        Memory memory = Memory.allocate(4096);
        memory.putInt(0, 7);
        Hold first = memory.hold();
        Hold second = memory.hold();
        assertThat(first.address()).isEqualTo(memory.address());
        memory.close();
        assertThatThrownBy(memory::hold).isInstanceOf(IllegalStateException.class);
        first.close();
        first.close();
        assertThat(memory.getInt(0)).isEqualTo(7);
        second.close();
        assertThatThrownBy(() -> memory.getInt(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldHoldWhatAByteBufferHolds() {
        long seed = 1;
        Random random = new Random(seed);
        ByteBuffer model = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        try (Memory memory = Memory.allocate(64)) {
            for (int i = 0; i < 10_000; i++) {
                int at = random.nextInt(57);
                long value = random.nextLong();
                switch (random.nextInt(8)) {
                    case 0 -> {
                        memory.putByte(at, (byte) value);
                        model.put(at, (byte) value);
                    }
                    case 1 -> {
                        memory.putShort(at, (short) value);
                        model.putShort(at, (short) value);
                    }
                    case 2 -> {
                        memory.putInt(at, (int) value);
                        model.putInt(at, (int) value);
                    }
                    case 3 -> {
                        memory.putLong(at, value);
                        model.putLong(at, value);
                    }
                    case 4 -> assertThat(memory.getShort(at)).isEqualTo(model.getShort(at));
                    case 5 -> assertThat(memory.getInt(at)).isEqualTo(model.getInt(at));
                    case 6 -> assertThat(memory.getLong(at)).isEqualTo(model.getLong(at));
                    default -> {
                        int to = random.nextInt(57);
                        memory.copy(memory, at, to, 7);
                        System.arraycopy(model.array(), at, model.array(), to, 7);
                    }
                }
                byte[] bytes = new byte[64];
                memory.get(0, bytes, 0, 64);
                assertThat(bytes).as("seed %d, step %d", seed, i).isEqualTo(model.array());
            }
        }
    }

    @Test
    void shouldMoveAndFillRanges() {
        try (Memory memory = Memory.allocate(8);
                Memory other = Memory.allocate(16)) {
            memory.put(2, new byte[] {9, 1, 2, 3}, 1, 3);
            assertThat(memory.getLong(0)).isEqualTo(0x0000000302010000L);
            other.copy(memory, 2, 13, 3);
            assertThat(other.getByte(15)).isEqualTo((byte) 3);
            memory.fill(1, 3, (byte) 0xff);
            assertThat(memory.getLong(0)).isEqualTo(0x00000003ffffff00L);
        }
    }

    @Test
    void shouldRefuseWhatIsOutside() {
        try (Memory memory = Memory.allocate(8)) {
            Class<IndexOutOfBoundsException> outside = IndexOutOfBoundsException.class;
            assertThatThrownBy(() -> memory.getByte(8)).isInstanceOf(outside);
            assertThatThrownBy(() -> memory.getLong(1)).isInstanceOf(outside);
            assertThatThrownBy(() -> memory.putInt(-1, 0)).isInstanceOf(outside);
            assertThatThrownBy(() -> memory.putShort(Long.MAX_VALUE, (short) 0))
                    .isInstanceOf(outside);
            assertThatThrownBy(() -> memory.get(0, new byte[9], 0, 9)).isInstanceOf(outside);
            assertThatThrownBy(() -> memory.put(0, new byte[1], 0, 2)).isInstanceOf(outside);
            assertThatThrownBy(() -> memory.copy(memory, 4, 0, 5)).isInstanceOf(outside);
            assertThatThrownBy(() -> memory.fill(4, 5, (byte) 1)).isInstanceOf(outside);
        }
        assertThatThrownBy(() -> Memory.allocate(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseUseAfterClose() {
        Memory memory = Memory.allocate(8);
        memory.close();
        memory.close();
        assertThatThrownBy(() -> memory.getByte(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> memory.fill(0, 8, (byte) 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(memory::address).isInstanceOf(IllegalStateException.class);
        assertThat(memory.isOpen()).isFalse();
    }

    @Test
    void shouldBeAllowedToBeEmpty() {
        try (Memory memory = Memory.allocate(0)) {
            assertThat(memory.size()).isZero();
        }
    }
}
