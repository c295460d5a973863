/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Random;

/** Reads and writes of BARs: widths, alignment, bulk, and the end (spec B5). */
class RegionAccessTest {
    private static final int EINVAL = -Errno.EINVAL.number();

    private final Hosted hosted = Hosted.opened(Hosted.FULL);

    @AfterEach
    void close() {
        hosted.close();
    }

    /** Naturally aligned accesses of 1, 2, 4 or 8 bytes, ascending. */
    @Nested
    class Registers {
        @ParameterizedTest
        @ValueSource(ints = {1, 2, 4, 8})
        void shouldPassAnAlignedAccessThroughUnchanged(int width) {
            hosted.load(0, 0x40, width);
            hosted.store(0, 0x40, width, 0x1122334455667788L);

            long value =
                    width == 8 ? 0x1122334455667788L : 0x1122334455667788L % (1L << (8 * width));
            assertThat(hosted.model.calls())
                    .containsExactly(
                            "read 0+0x40/" + width, "write 0+0x40/%d=0x%x".formatted(width, value));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "1 | 2 | 0x1/1 0x2/1",
                    "1 | 4 | 0x1/1 0x2/2 0x4/1",
                    "2 | 4 | 0x2/2 0x4/2",
                    "3 | 8 | 0x3/1 0x4/4 0x8/2 0xa/1",
                    "4 | 8 | 0x4/4 0x8/4",
                    "0 | 3 | 0x0/2 0x2/1",
                    "0 | 7 | 0x0/4 0x4/2 0x6/1",
                    "8 | 16 | 0x8/8 0x10/8",
                    "6 | 13 | 0x6/2 0x8/8 0x10/2 0x12/1",
                })
        void shouldSplitAnythingElse(int offset, int count, String pieces) {
            assertThat(hosted.read(0, offset, count)).isEqualTo(count);
            assertThat(hosted.model.calls())
                    .containsExactly(("read 0+" + pieces.replace(" ", " read 0+")).split(" (?=r)"));
        }

        @Test
        void shouldAssembleWhatThePiecesRead() {
            Random random = new Random(1);
            for (int i = 0; i < 500; i++) {
                int offset = random.nextInt(4096);
                int count = 1 + random.nextInt(4096 - offset);
                assertThat(hosted.read(0, offset, count)).isEqualTo(count);
                for (int b = 0; b < count; b++) {
                    assertThat(hosted.buffer.getByte(b)).isEqualTo((byte) (offset + b));
                }
            }
        }

        @Test
        void shouldWriteEachByteOnce() {
            for (int i = 0; i < 13; i++) {
                hosted.buffer.putByte(i, (byte) (0xa0 + i));
            }
            assertThat(hosted.write(0, 6, 13)).isEqualTo(13);
            assertThat(hosted.model.calls())
                    .containsExactly(
                            "write 0+0x6/2=0xa1a0",
                            "write 0+0x8/8=0xa9a8a7a6a5a4a3a2",
                            "write 0+0x10/2=0xabaa",
                            "write 0+0x12/1=0xac");
        }
    }

    /** What holds for every kind of BAR. */
    @Nested
    class Ends {
        @ParameterizedTest
        @CsvSource({"0, 4096", "1, 256", "2, 16384", "3, 8192", "4, 65536"})
        void shouldBeShortWhereAnAccessCrossesTheEnd(int bar, int size) {
            assertThat(hosted.read(bar, size - 2, 4)).isEqualTo(2);
            assertThat(hosted.write(bar, size - 2, 4)).isEqualTo(2);
            assertThat(hosted.read(bar, 0, size + 1)).isEqualTo(size);
            assertThat(hosted.read(bar, size - 1, 1)).isEqualTo(1);
        }

        @ParameterizedTest
        @CsvSource({"0, 4096", "1, 256", "2, 16384", "3, 8192", "4, 65536"})
        void shouldRefuseAnOffsetOutside(int bar, long size) {
            for (long offset : new long[] {size, size + 1, 1L << 40, Long.MAX_VALUE, -1, -size}) {
                assertThat(hosted.read(bar, offset, 4)).isEqualTo(EINVAL);
                assertThat(hosted.write(bar, offset, 4)).isEqualTo(EINVAL);
            }
            assertThat(hosted.model.calls()).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(ints = {5, 6, 8})
        void shouldRefuseWhatTheFunctionDoesNotHave(int region) {
            assertThat(hosted.read(region, 0, 4)).isEqualTo(EINVAL);
            assertThat(hosted.write(region, 0, 4)).isEqualTo(EINVAL);
            assertThat(hosted.region(region).size()).isZero();
        }
    }

    /** Plain memory behaves the same whether or not a client may map it. */
    @Nested
    class Memory {
        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void shouldKeepWhatIsWritten(int bar) {
            hosted.store(bar, 3, 8, 0x1122334455667788L);
            hosted.store(bar, 5, 1, 0xee);

            assertThat(hosted.load(bar, 3, 8)).isEqualTo(0x1122334455ee7788L);
            assertThat(hosted.load(bar, 0, 2)).isZero();
            assertThat(hosted.load(bar, 11, 8)).isZero();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void shouldBeTheDevicesToo(int bar) {
            BarMemory memory = hosted.model.memory(bar);
            hosted.store(bar, 8, 8, 0x8877665544332211L);

            assertThat(memory.load(8, 8)).isEqualTo(0x8877665544332211L);
            assertThat(memory.load(8, 4)).isEqualTo(0x44332211L);
            assertThat(memory.load(14, 2)).isEqualTo(0x8877L);
            assertThat(memory.load(15, 1)).isEqualTo(0x88L);
            memory.store(12, 4, 0xffff_ffff_0000_0001L);
            assertThat(hosted.load(bar, 8, 8)).isEqualTo(0x0000_0001_4433_2211L);
            assertThat(memory.size()).isEqualTo(hosted.region(bar).size());
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void shouldHoldTheDeviceToItsBounds(int bar) {
            BarMemory memory = hosted.model.memory(bar);
            long size = memory.size();
            assertThatThrownBy(() -> memory.load(size, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> memory.store(-8, 8, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatIllegalArgumentException().isThrownBy(() -> memory.load(2, 4));
            assertThatIllegalArgumentException().isThrownBy(() -> memory.store(0, 3, 0));
        }

        @Test
        void shouldBeRefusedForABarOfRegisters() {
            assertThatIllegalArgumentException().isThrownBy(() -> hosted.model.memory(0));
            assertThatIllegalArgumentException().isThrownBy(() -> hosted.model.memory(9));
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void shouldOutliveTheClient(int bar) {
            hosted.store(bar, 0, 8, 42);
            hosted.device.lastClose();
            hosted.settle();
            hosted.open();
            assertThat(hosted.load(bar, 0, 8)).isEqualTo(42);
        }
    }
}
