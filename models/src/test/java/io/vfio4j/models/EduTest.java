/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Edu as its driver sees it, its DMA engine aside. */
class EduTest {
    private static final int REGISTERS = 0;
    private static final int MEMORY = 2;
    private static final int IDENTIFICATION = 0x00;
    private static final int LIVENESS = 0x04;
    private static final int FACTORIAL = 0x08;
    private static final int STATUS = 0x20;
    private static final int INTERRUPT_STATUS = 0x24;
    private static final int RAISE = 0x60;
    private static final int ACKNOWLEDGE = 0x64;

    private final Driven edu = new Driven(new Edu(Delays.ZERO));

    @AfterEach
    void close() {
        edu.close();
    }

    private long load(int register) {
        return edu.load(REGISTERS, register, 4);
    }

    private void store(int register, long value) {
        edu.store(REGISTERS, register, 4, value);
    }

    @Nested
    class Registers {
        @Test
        void shouldIdentifyItself() {
            assertThat(load(IDENTIFICATION)).isEqualTo(0x010000ed);
            store(IDENTIFICATION, 0);
            assertThat(load(IDENTIFICATION)).isEqualTo(0x010000ed);
        }

        @Test
        void shouldComplementWhatIsWrittenToLiveness() {
            assertThat(load(LIVENESS)).isZero();
            store(LIVENESS, 0x12345678);
            assertThat(load(LIVENESS)).isEqualTo(0xedcba987L);
        }

        @ParameterizedTest
        @CsvSource({
            "0, 1",
            "1, 1",
            "5, 120",
            "12, 479001600",
            "13, 1932053504",
            "33, 0x80000000",
            "34, 0",
            "0x7fffffff, 0",
            "0xffffffff, 0"
        })
        void shouldComputeFactorialsModuloTwoToTheThirtySecond(String n, String factorial) {
            store(FACTORIAL, Long.decode(n));
            assertThat(load(FACTORIAL)).isEqualTo(Long.decode(factorial));
        }

        @Test
        void shouldKeepOnlyTheInterruptBitOfStatus() {
            store(STATUS, 0xffffffffL);
            assertThat(load(STATUS)).isEqualTo(0x80);
            store(STATUS, 0);
            assertThat(load(STATUS)).isZero();
        }

        @Test
        void shouldNotLetInterruptStatusBeWritten() {
            store(INTERRUPT_STATUS, 1);
            assertThat(load(INTERRUPT_STATUS)).isZero();
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 8})
        void shouldBeFourBytesWide(int width) {
            edu.store(REGISTERS, LIVENESS & -width, width, 0);
            assertThat(load(LIVENESS)).isZero();
            assertThat(edu.load(REGISTERS, LIVENESS & -width, width))
                    .isEqualTo(-1L >>> (64 - 8 * width));
        }

        @ParameterizedTest
        @ValueSource(ints = {0x0c, 0x1c, 0x28, RAISE, ACKNOWLEDGE, 0x7c, 0xa0, 0x40000, 0xffffc})
        void shouldReadAllOnesWhereThereIsNone(int offset) {
            store(offset, 0);
            assertThat(load(offset)).isEqualTo(0xffffffffL);
        }
    }

    @Nested
    class LineInterrupts {
        private final EventFd line = EventFd.create();

        @BeforeEach
        void enable() {
            edu.interrupts(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, line);
        }

        @AfterEach
        void closeLine() {
            line.close();
        }

        @Test
        void shouldAssertTheLineWhenRaised() {
            store(RAISE, 0x10);
            assertThat(load(INTERRUPT_STATUS)).isEqualTo(0x10);
            assertThat(line.drain()).isEqualTo(1);
        }

        @Test
        void shouldHoldTheLineUntilTheLastBitIsAcknowledged() {
            store(RAISE, 0x11);
            assertThat(line.drain()).isEqualTo(1);

            store(ACKNOWLEDGE, 0x1);
            assertThat(load(INTERRUPT_STATUS)).isEqualTo(0x10);
            edu.unmaskIntx();
            assertThat(line.drain()).isEqualTo(1);

            store(ACKNOWLEDGE, 0x10);
            assertThat(load(INTERRUPT_STATUS)).isZero();
            edu.unmaskIntx();
            assertThat(line.drain()).isZero();
        }

        @Test
        void shouldNotInterruptWhenNothingIsRaised() {
            store(RAISE, 0);
            assertThat(line.drain()).isZero();
        }

        @Test
        void shouldInterruptForAFactorialOnlyIfStatusSaysSo() {
            store(FACTORIAL, 5);
            assertThat(line.drain()).isZero();

            store(STATUS, 0x80);
            store(FACTORIAL, 6);
            assertThat(line.drain()).isEqualTo(1);
            assertThat(load(INTERRUPT_STATUS)).isEqualTo(1);
            assertThat(load(FACTORIAL)).isEqualTo(720);
        }

        @Test
        void shouldDropTheLineOnReset() {
            store(RAISE, 1);
            assertThat(line.drain()).isEqualTo(1);
            edu.reset();
            edu.unmaskIntx();
            assertThat(line.drain()).isZero();
        }
    }

    @Nested
    class MessageInterrupts {
        private final List<EventFd> vectors =
                IntStream.range(0, 4).mapToObj(_ -> EventFd.create()).toList();
        private final EventFd line = EventFd.create();

        @BeforeEach
        void enable() {
            edu.interrupts(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, line);
            edu.interrupts(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, vectors.toArray(EventFd[]::new));
        }

        @AfterEach
        void closeVectors() {
            Stream.concat(vectors.stream(), Stream.of(line)).forEach(EventFd::close);
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 1, 2, 3, 4, 7, 30, 31})
        void shouldUseTheVectorOfTheBitModuloFour(int bit) {
            store(RAISE, 1L << bit);
            assertThat(load(INTERRUPT_STATUS)).isEqualTo(1L << bit);
            for (int vector = 0; vector < 4; vector++) {
                assertThat(vectors.get(vector).drain())
                        .as("vector %d", vector)
                        .isEqualTo(vector == bit % 4 ? 1 : 0);
            }
            assertThat(line.drain()).isZero();
        }

        @Test
        void shouldSendOneForEachRaise() {
            store(RAISE, 2);
            store(RAISE, 2);
            assertThat(vectors.get(1).drain()).isEqualTo(2);
        }

        @Test
        void shouldAnnounceAFactorialWithVectorZero() {
            store(STATUS, 0x80);
            store(FACTORIAL, 5);
            assertThat(vectors.get(0).drain()).isEqualTo(1);
        }
    }

    @Nested
    class ResetAndPower {
        @BeforeEach
        void fill() {
            store(LIVENESS, 1);
            store(FACTORIAL, 5);
            store(STATUS, 0x80);
            store(RAISE, 2);
            edu.store(REGISTERS, 0x80, 8, 42);
            edu.store(MEMORY, 0x1000, 8, 0x1122334455667788L);
        }

        private List<Long> registers() {
            return List.of(
                    load(LIVENESS),
                    load(FACTORIAL),
                    load(STATUS),
                    load(INTERRUPT_STATUS),
                    edu.load(REGISTERS, 0x80, 8));
        }

        private long memory() {
            return edu.load(MEMORY, 0x1000, 8);
        }

        @Test
        void shouldLoseRegistersButNotMemoryOnReset() {
            edu.reset();
            assertThat(registers()).containsOnly(0L);
            assertThat(memory()).isEqualTo(0x1122334455667788L);
        }

        @Test
        void shouldLoseRegistersButNotMemoryInD3cold() {
            edu.enter();
            edu.settle();
            assertThat(edu.device.power().powerState()).isEqualTo(PciPowerState.D3COLD);
            edu.exit();
            assertThat(registers()).containsOnly(0L);
            assertThat(memory()).isEqualTo(0x1122334455667788L);
        }

        @Test
        void shouldKeepRegistersInD3hot() {
            edu.device.power().host().writeD3coldAllowed(false);
            edu.enter();
            edu.settle();
            assertThat(edu.device.power().powerState()).isEqualTo(PciPowerState.D3HOT);
            assertThat(registers()).containsExactly(0xfffffffeL, 120L, 0x80L, 2L, 42L);
            assertThat(memory()).isEqualTo(0x1122334455667788L);
        }

        @Test
        void shouldWorkAgainAfterEachSleep() {
            edu.enter();
            for (int n = 1; n <= 3; n++) {
                edu.settle();
                assertThat(edu.device.power().powerState()).isEqualTo(PciPowerState.D3COLD);
                store(LIVENESS, n);
                assertThat(load(LIVENESS)).isEqualTo(~n & 0xffffffffL);
            }
        }
    }
}
