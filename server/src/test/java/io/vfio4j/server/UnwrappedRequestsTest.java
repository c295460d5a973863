/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.power.ContractState;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The rows of the truth table that no access stands behind: pread of nothing or of a bad region,
 * mmap(), a touch of the mapping, the close of a descriptor that is not the last. Whatever the
 * state before: the same answer, nobody woken, nothing signalled, the state as it was.
 */
class UnwrappedRequestsTest {
    private static final int EINVAL = Errno.EINVAL.number();
    private static final int NO_REGION = 9;
    private static final int BAR = 2;
    private static final long SIZE = 64 << 10;

    /** A served device in one column of the table, with what its client got hold of before. */
    private static final class Column implements AutoCloseable {
        private final Served served = Served.one();
        private final WireClient client = served.client();
        private final EventFd wakeup = EventFd.create();
        private final Fd file = client.barFile(BAR);
        private final ContractState before;

        Column(ContractState before) {
            this.before = before;
            boolean awake = before == ContractState.N_A || before == ContractState.W_A;
            if (awake) {
                // Else the entry would let it fall asleep before the request comes.
                served.device().power().host().controlOn();
            }
            switch (before) {
                case OFF -> {}
                case N_A, N_S -> assertThat(client.enter()).isZero();
                case W_A, W_S -> assertThat(client.enter(wakeup)).isZero();
            }
            served.await(before);
            served.model().power();
        }

        void assertNothingHappened() {
            assertThat(served.contract()).isEqualTo(before);
            assertThat(wakeup.drain()).isZero();
            assertThat(served.model().power()).isEmpty();
        }

        @Override
        public void close() {
            file.close();
            client.close();
            served.close();
            wakeup.close();
        }
    }

    @ParameterizedTest
    @EnumSource(ContractState.class)
    void shouldReadAndWriteNothing(ContractState before) {
        try (Column column = new Column(before)) {
            assertThat(column.client.read(0, 0, 0)).isEmpty();
            assertThat(column.client.write(0, 0, new byte[0]).payload().u32At(12)).isZero();
            column.assertNothingHappened();
        }
    }

    @ParameterizedTest
    @EnumSource(ContractState.class)
    void shouldBeEinvalForABadRegion(ContractState before) {
        try (Column column = new Column(before)) {
            assertThat(column.client.call(9, WireClient.access(NO_REGION, 0, 4)).errno())
                    .isEqualTo(EINVAL);
            assertThat(column.client.write(NO_REGION, 0, new byte[4]).errno()).isEqualTo(EINVAL);
            column.assertNothingHappened();
        }
    }

    @ParameterizedTest
    @EnumSource(ContractState.class)
    void shouldMapAndFaultUnlessOff(ContractState before) {
        try (Column column = new Column(before);
                Mapping mapping = Mapping.map(column.file, 0, SIZE, true)) {
            column.assertNothingHappened();
            if (before == ContractState.OFF) {
                mapping.putInt(0, 5);
                assertThat(mapping.getInt(0)).isEqualTo(5);
            } else {
                assertThatExceptionOfType(MappingFaultException.class)
                        .isThrownBy(() -> mapping.getInt(0));
                assertThatExceptionOfType(MappingFaultException.class)
                        .isThrownBy(() -> mapping.putInt(SIZE - 4, 5));
            }
            column.assertNothingHappened();
        }
    }

    /**
     * Another opener comes and goes, and the file of the mapping is closed: nobody was the last.
     */
    @ParameterizedTest
    @EnumSource(ContractState.class)
    void shouldNotMindTheCloseOfADescriptorThatIsNotTheLast(ContractState before) {
        try (Column column = new Column(before)) {
            try (WireClient second = WireClient.connect(column.served.socket())) {
                assertThat(second.version(0, 0, WireClient.CAPABILITIES).errno())
                        .isEqualTo(Errno.EBUSY.number());
                assertThat(second.tryReceive()).as("closed").isEmpty();
            }
            column.file.close();
            assertThat(column.client.read(0, 0, 0)).as("still served").isEmpty();
            column.assertNothingHappened();
        }
    }
}
