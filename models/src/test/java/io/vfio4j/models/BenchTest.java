/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.device.DmaException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Bench as whoever measures with it sees it. COMMAND is never written: it needs no bus mastering.
 */
class BenchTest {
    private static final int MEMORY = 0;
    private static final int REGISTERS = 2;
    private static final int IOVA = 0x00;
    private static final int LENGTH = 0x08;
    private static final int COUNT = 0x0c;
    private static final int COMMAND = 0x10;
    private static final int IRQ = 0x14;
    private static final int LAST_NS = 0x18;
    private static final int STATUS = 0x20;
    private static final int READ = 1;
    private static final int WRITE = 2;

    private final Driven bench = new Driven(new Bench());

    @AfterEach
    void close() {
        bench.close();
    }

    private void command(long iova, int length, int count, int command) {
        bench.store(REGISTERS, IOVA, 8, iova);
        bench.store(REGISTERS, LENGTH, 4, length);
        bench.store(REGISTERS, COUNT, 4, count);
        bench.store(REGISTERS, COMMAND, 4, command);
    }

    private long status() {
        return bench.load(REGISTERS, STATUS, 8);
    }

    @Nested
    class Memory {
        @ParameterizedTest
        @ValueSource(ints = {1, 4, 16, 4096})
        void shouldKeepWhatIsWritten(int count) {
            byte[] bytes = new byte[count];
            for (int i = 0; i < count; i++) {
                bytes[i] = (byte) (i * 31 + 7);
            }
            for (long at : new long[] {0, 0x12345, Bench.MEMORY_SIZE - count}) {
                bench.bytes(MEMORY, at, bytes);
                assertThat(bench.bytes(MEMORY, at, count)).isEqualTo(bytes);
            }
        }

        @Test
        void shouldHaveFourMebibytesThatCannotBeMapped() {
            assertThat(bench.region(MEMORY).size()).isEqualTo(4 << 20);
            assertThat(bench.region(MEMORY).mappable()).isEmpty();
        }
    }

    @Nested
    class Registers {
        @Test
        void shouldTakeAnyWidth() {
            bench.store(REGISTERS, IOVA, 8, 0x1122334455667788L);
            assertThat(bench.load(REGISTERS, IOVA, 8)).isEqualTo(0x1122334455667788L);
            assertThat(bench.load(REGISTERS, IOVA + 4, 4)).isEqualTo(0x11223344);
            assertThat(bench.load(REGISTERS, IOVA + 2, 2)).isEqualTo(0x5566);
            assertThat(bench.load(REGISTERS, IOVA + 7, 1)).isEqualTo(0x11);

            bench.store(REGISTERS, IOVA + 4, 4, 0x99aabbccL);
            assertThat(bench.load(REGISTERS, IOVA, 8)).isEqualTo(0x99aabbcc55667788L);
        }

        @Test
        void shouldTakeSixteenBytesAtOnce() {
            byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
            bench.bytes(REGISTERS, IOVA, bytes);
            assertThat(bench.bytes(REGISTERS, IOVA, 16)).isEqualTo(bytes);
            assertThat(bench.load(REGISTERS, LENGTH, 4)).isEqualTo(0x0c0b0a09);
            assertThat(bench.load(REGISTERS, COUNT, 4)).isEqualTo(0x100f0e0d);
        }

        @Test
        void shouldNotLetResultsBeWritten() {
            bench.store(REGISTERS, LAST_NS, 8, 42);
            bench.store(REGISTERS, STATUS, 8, 42);
            assertThat(bench.bytes(REGISTERS, LAST_NS, 16)).containsOnly(0);
        }

        @Test
        void shouldBeZeroAfterAReset() {
            command(0x1000, 64, 1, 3);
            bench.reset();
            assertThat(bench.bytes(REGISTERS, 0, 4096)).containsOnly(0);
        }
    }

    @Nested
    class Commands {
        @Test
        void shouldReadByAsManyMessagesAsAsked() {
            command(0x1000, 64, 3, READ);
            assertThat(bench.client.messages())
                    .containsExactly("read 0x1000+64", "read 0x1000+64", "read 0x1000+64");
            assertThat(status()).isZero();
        }

        @Test
        void shouldWriteByAsManyMessagesAsAsked() {
            command(0x7fff_ffff_f000L, Bench.MAX_DMA, 2, WRITE);
            assertThat(bench.client.messages())
                    .containsExactly(
                            "write 0x7ffffffff000+1048576", "write 0x7ffffffff000+1048576");
            assertThat(status()).isZero();
        }

        @Test
        void shouldDoNothingNoTimes() {
            command(0x1000, 64, 0, READ);
            assertThat(bench.client.messages()).isEmpty();
            assertThat(status()).isZero();
        }

        @ParameterizedTest
        @CsvSource({
            "64, 1, 0",
            "64, 1, 3",
            "64, 1, -1",
            "1048577, 1, 1",
            "-1, 1, 2",
            "64, -1, 1",
            "64, -2147483648, 2"
        })
        void shouldRefuseWhatCannotBe(int length, int count, int command) {
            command(0x1000, length, count, command);
            assertThat(status()).isEqualTo(-Errno.EINVAL.number());
            assertThat(bench.client.messages()).isEmpty();
        }

        @Test
        void shouldStopAtTheFirstFailure() {
            bench.client.beforeAnswer(() -> {
                throw new DmaException(Errno.EFAULT, "DMA_READ");
            });
            command(0x1000, 64, 3, READ);
            assertThat(status()).isEqualTo(-Errno.EFAULT.number());
            assertThat(bench.client.messages()).hasSize(1);

            bench.client.beforeAnswer(() -> {});
            command(0x1000, 64, 1, READ);
            assertThat(status()).isZero();
        }

        @Test
        void shouldSayHowLongTheLastOneTook() {
            long[] answering = {0};
            bench.client.beforeAnswer(() -> {
                long start = System.nanoTime();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
                answering[0] += System.nanoTime() - start;
            });
            long start = System.nanoTime();
            command(0x1000, 64, 2, READ);
            long whole = System.nanoTime() - start;
            assertThat(bench.load(REGISTERS, LAST_NS, 8)).isBetween(answering[0], whole);
        }
    }

    @Nested
    class Interrupts {
        private final EventFd eventFd = EventFd.create();

        @AfterEach
        void closeEventFd() {
            eventFd.close();
        }

        @ParameterizedTest
        @ValueSource(
                ints = {
                    VfioPci.VFIO_PCI_INTX_IRQ_INDEX,
                    VfioPci.VFIO_PCI_MSI_IRQ_INDEX,
                    VfioPci.VFIO_PCI_MSIX_IRQ_INDEX
                })
        void shouldComeFromAnyWriteToIrq(int index) {
            bench.interrupts(index, eventFd);
            bench.store(REGISTERS, IRQ, 4, 0);
            assertThat(eventFd.drain()).isEqualTo(1);
        }

        @Test
        void shouldBeAnEdgeOnTheLine() {
            bench.interrupts(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, eventFd);
            for (int i = 0; i < 3; i++) {
                bench.store(REGISTERS, IRQ, 4, 1);
                assertThat(eventFd.drain()).isEqualTo(1);
                bench.unmaskIntx();
                assertThat(eventFd.drain()).isZero();
            }
        }

        @Test
        void shouldNotComeFromOtherRegisters() {
            bench.interrupts(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, eventFd);
            command(0x1000, 64, 1, READ);
            bench.store(REGISTERS, LAST_NS, 8, 1);
            assertThat(eventFd.drain()).isZero();
        }

        @Test
        void shouldComeWithACommandInOneWrite() {
            bench.interrupts(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, eventFd);
            bench.store(REGISTERS, LENGTH, 8, 1L << 32 | 64);
            bench.store(REGISTERS, COMMAND, 8, READ);
            assertThat(bench.client.messages()).containsExactly("read 0x0+64");
            assertThat(eventFd.drain()).isEqualTo(1);
        }
    }
}
