/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.util.Optional;

/** The INTx pin: level-triggered, masked when it fires (spec B3, G). */
class IntxLineTest {
    private final IntxLine line = new IntxLine();
    private final EventFd client = EventFd.create();

    @AfterEach
    void close() {
        line.configure(Optional.empty());
        client.close();
    }

    private void configure() {
        line.configure(Optional.of(EventFd.adopt(client.fd().duplicate())));
    }

    @Test
    void shouldSignalOnceWhenAsserted() {
        configure();
        line.drive(true);
        line.drive(true);
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldMaskItselfWhenItFires() {
        configure();
        line.drive(true);
        line.drive(false);
        line.drive(true);
        assertThat(client.drain()).as("one until it is unmasked").isEqualTo(1);
    }

    @Test
    void shouldFireAgainWhenUnmaskedStillAsserted() {
        configure();
        line.drive(true);
        client.drain();
        line.unmask();
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldBeQuietWhenUnmaskedAfterItWasServed() {
        configure();
        line.drive(true);
        line.drive(false);
        client.drain();
        line.unmask();
        assertThat(client.drain()).isZero();
        line.drive(true);
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldKeepALevelThatComesWhileMasked() {
        configure();
        assertThat(line.mask()).isTrue();
        line.drive(true);
        assertThat(client.drain()).isZero();
        assertThat(line.asserted()).isTrue();
        line.unmask();
        assertThat(client.drain()).isEqualTo(1);
    }

    /** What pm_intx_masked is made of (spec B3). */
    @Test
    void shouldSayWhetherMaskingChangedAnything() {
        assertThat(line.mask()).as("not configured").isFalse();
        configure();
        assertThat(line.mask()).isTrue();
        assertThat(line.mask()).as("masked by the user").isFalse();
        line.unmask();
        line.drive(true);
        assertThat(line.mask()).as("masked by itself").isFalse();
        line.drive(false);
        line.unmask();
        line.disable(true);
        assertThat(line.mask()).as("masked by DisINTx").isFalse();
    }

    @Test
    void shouldStaySilentWhileDisabledByCommand() {
        configure();
        assertThat(line.disable(true)).isFalse();
        line.drive(true);
        line.unmask();
        assertThat(client.drain()).as("an unmask does not lift DisINTx").isZero();
        assertThat(line.disable(false)).as("an unmask is due").isTrue();
        assertThat(client.drain()).as("which others decide on").isZero();
        line.unmask();
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldAskForAnUnmaskOnlyWhenDisIntxGoes() {
        configure();
        assertThat(line.disable(false)).isFalse();
        assertThat(line.disable(true)).isFalse();
        assertThat(line.disable(true)).isFalse();
        assertThat(line.disable(false)).isTrue();
        assertThat(line.disable(false)).isFalse();
    }

    @Test
    void shouldComeUpMaskedUnderDisIntx() {
        line.disable(true);
        line.drive(true);
        configure();
        assertThat(client.drain()).isZero();
    }

    @Test
    void shouldDeliverWhatIsPendingWhenItIsSetUp() {
        line.drive(true);
        configure();
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldKeepItsMaskWhenOnlyTheEventfdChanges() {
        configure();
        line.mask();
        line.drive(true);
        configure();
        assertThat(client.drain()).isZero();
        line.unmask();
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldForgetItsMaskWhenItIsTakenDown() {
        configure();
        line.mask();
        line.configure(Optional.empty());
        line.drive(true);
        configure();
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldSignalALoopbackTestWhateverTheMask() {
        line.loopback();
        configure();
        line.mask();
        line.loopback();
        assertThat(client.drain()).isEqualTo(1);
    }

    @Test
    void shouldCloseTheEventfdItHad() {
        int before = Fd.openCount();
        configure();
        configure();
        assertThat(Fd.openCount()).isEqualTo(before + 1);
        line.configure(Optional.empty());
        assertThat(Fd.openCount()).isEqualTo(before);
    }
}
