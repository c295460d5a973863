/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vfio4j.device.PowerManagement;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.power.Delays;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Optional;

/**
 * What a client finds behind its mapping of a BAR while the function decodes no memory: a fault if
 * it said that it bears one, all ones if not, for a fault would take a VMM down (spec B4, I.11).
 */
class MappingViewTest {
    private static final int SIZE = 64 << 10;
    private static final int CONFIG = 7;
    private static final int COMMAND = 4;
    private static final int COMMAND_MEMORY = 2;
    private static final int PMCSR = 0x44;
    private static final int D0 = 0;
    private static final int D1 = 1;
    private static final int D3HOT = 3;

    private final Served served =
            new Served(
                    1,
                    Probe.DESCRIPTION.withPower(
                            PowerManagement.downToD3cold().withD1AndD2().withDelays(Delays.ZERO)));
    private Optional<WireClient> connected = Optional.empty();
    private Optional<Mapping> mapped = Optional.empty();

    @AfterEach
    void close() {
        leave();
        served.close();
    }

    private void leave() {
        mapped.ifPresent(Mapping::close);
        mapped = Optional.empty();
        connected.ifPresent(WireClient::close);
        connected = Optional.empty();
    }

    private WireClient connect(boolean bearsFaults) {
        WireClient client =
                WireClient.open(
                        served.socket(),
                        bearsFaults ? WireClient.LOW_POWER_CAPABILITIES : WireClient.CAPABILITIES);
        connected = Optional.of(client);
        try (Fd file = client.barFile(2)) {
            mapped = Optional.of(Mapping.map(file, 0, SIZE, true));
        }
        return client;
    }

    private Mapping mapping() {
        return mapped.orElseThrow();
    }

    private void assertFaults() {
        assertThatExceptionOfType(MappingFaultException.class)
                .isThrownBy(() -> mapping().getInt(0));
        assertThatExceptionOfType(MappingFaultException.class)
                .isThrownBy(() -> mapping().putInt(SIZE - 4, 1));
    }

    /** No fault; loads give ones, as from a bus where nothing answers. */
    private void assertBlank() {
        assertThat(mapping().getLong(0)).isEqualTo(-1);
        assertThat(mapping().getByte(SIZE - 1)).isEqualTo((byte) -1);
        mapping().putInt(0, 99);
        mapping().putInt(SIZE - 4, 99);
    }

    private void assertView(boolean bearsFaults) {
        if (bearsFaults) {
            assertFaults();
        } else {
            assertBlank();
        }
    }

    private void store() {
        mapping().putInt(0, 7);
        mapping().putInt(SIZE - 4, 8);
    }

    private void assertKept() {
        assertThat(mapping().getInt(0)).isEqualTo(7);
        assertThat(mapping().getInt(SIZE - 4)).isEqualTo(8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDependOnTheClientInD3hot(boolean bearsFaults) {
        WireClient client = connect(bearsFaults);
        for (int round = 0; round < 3; round++) {
            store();
            client.store(CONFIG, PMCSR, 2, D3HOT);
            assertView(bearsFaults);
            client.store(CONFIG, PMCSR, 2, D0);
            assertKept();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDependOnTheClientWithoutMemoryDecoding(boolean bearsFaults) {
        WireClient client = connect(bearsFaults);
        long command = client.load(CONFIG, COMMAND, 2);
        store();
        client.store(CONFIG, COMMAND, 2, command & ~COMMAND_MEMORY);
        assertView(bearsFaults);
        client.store(CONFIG, COMMAND, 2, command | COMMAND_MEMORY);
        assertKept();
    }

    /** As the kernel lets it through to a function that does not answer (spec B4, E). */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldBeAllOnesInD1(boolean bearsFaults) {
        WireClient client = connect(bearsFaults);
        store();
        client.store(CONFIG, PMCSR, 2, D1);
        assertBlank();
        client.store(CONFIG, PMCSR, 2, D0);
        assertKept();
    }

    /** Low power is entered by a client that knows what it means. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldFaultInLowPowerWhoeverTheClientIs(boolean bearsFaults) {
        WireClient client = connect(bearsFaults);
        store();
        assertThat(client.enter()).isZero();
        assertFaults();
        client.store(CONFIG, PMCSR, 2, D3HOT);
        assertFaults();
        assertThat(client.exit()).isZero();
        // Whether D3hot was lost depends on whether it fell asleep in between (spec B6).
        client.store(CONFIG, PMCSR, 2, D0);
        assertKept();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldFaultFromD3hotOnceLowPowerIsEntered(boolean bearsFaults) {
        WireClient client = connect(bearsFaults);
        store();
        client.store(CONFIG, PMCSR, 2, D3HOT);
        assertThat(client.enter()).isZero();
        assertFaults();
        assertThat(client.exit()).isZero();
        client.store(CONFIG, PMCSR, 2, D0);
        assertKept();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldBeTheContentsAgainAfterAReset(boolean bearsFaults) {
        WireClient client = connect(bearsFaults);
        store();
        client.store(CONFIG, PMCSR, 2, D3HOT);
        assertThat(client.errno(WireClient.RESET, new Bytes())).isZero();
        assertKept();
    }

    /** It clears COMMAND, as hardware's does; the driver restores that. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldBeWithoutMemoryDecodingAfterAFunctionLevelReset(boolean bearsFaults) {
        WireClient client = connect(bearsFaults);
        long command = client.load(CONFIG, COMMAND, 2);
        store();
        client.store(CONFIG, express(client) + 8, 2, 1 << 15);
        assertThat(client.load(CONFIG, COMMAND, 2) & COMMAND_MEMORY).isZero();
        assertView(bearsFaults);
        client.store(CONFIG, COMMAND, 2, command);
        assertKept();
    }

    private static int express(WireClient client) {
        int at = (int) client.load(CONFIG, 0x34, 1);
        while (client.load(CONFIG, at, 1) != 0x10) {
            at = (int) client.load(CONFIG, at + 1, 1);
        }
        return at;
    }

    @Test
    void shouldBeAllOnesInAnotherProcessAsWell() {
        WireClient client = connect(false);
        try (Fd file = client.barFile(2);
                OtherProcess other = new OtherProcess(file, SIZE)) {
            assertThat(other.put(4096, 5)).isEqualTo("done");
            client.store(CONFIG, PMCSR, 2, D3HOT);
            assertThat(other.get(4096)).isEqualTo("-1");
            assertThat(other.put(4096, 6)).isEqualTo("done");
            client.store(CONFIG, PMCSR, 2, D0);
            assertThat(other.get(4096)).isEqualTo("5");
        }
    }

    @Test
    void shouldBeEachClientsOwn() {
        for (boolean bearsFaults : new boolean[] {true, false, true}) {
            WireClient client = connect(bearsFaults);
            store();
            client.store(CONFIG, PMCSR, 2, D3HOT);
            assertView(bearsFaults);
            // Left in D3hot: the last close brings it back (spec B3).
            leave();
            served.awaitClosed();
        }
        WireClient _ = connect(false);
        assertKept();
    }
}
