/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.stream.IntStream;

/** The serial port, a 16550A, register by register. */
class SerialTest {
    private static final int DATA = 0;
    private static final int IER = 1;
    private static final int IIR = 2;
    private static final int FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCR = 7;
    private static final int NOTHING = 0xc1;

    private final Driven serial = new Driven(new Serial(Delays.ZERO));
    private final EventFd line = EventFd.create();

    @BeforeEach
    void enable() {
        serial.interrupts(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, line);
    }

    @AfterEach
    void close() {
        serial.close();
        line.close();
    }

    private int load(int register) {
        return (int) serial.load(0, 0x1000 + register, 1);
    }

    private void store(int register, int value) {
        serial.store(0, 0x1000 + register, 1, value);
    }

    private void send(int count) {
        IntStream.range(0, count).forEach(i -> store(DATA, i));
    }

    private List<Integer> receive(int count) {
        return IntStream.range(0, count).map(_ -> load(DATA)).boxed().toList();
    }

    /** Whether the line is asserted now. */
    private boolean interrupts() {
        line.drain();
        serial.unmaskIntx();
        return line.drain() > 0;
    }

    @Test
    void shouldSayWhatItIsAndHowManyUartsItHas() {
        assertThat(serial.load(0, 0, 4)).isEqualTo(0x07000200);
        assertThat(serial.load(0, 4, 4)).isEqualTo(1);
        assertThat(serial.load(0, 4, 1)).isEqualTo(1);
    }

    @Test
    void shouldKeepScratchAndDivisor() {
        store(SCR, 0x5a);
        store(LCR, 0x83);
        store(DATA, 0x34);
        store(IER, 0x12);
        assertThat(load(DATA) | load(IER) << 8).isEqualTo(0x1234);
        store(LCR, 0x03);
        assertThat(load(IER)).isZero();
        assertThat(load(SCR)).isEqualTo(0x5a);
        assertThat(load(LSR)).as("nothing sent, nothing received").isEqualTo(0x60);
    }

    @Test
    void shouldReceiveWhatItSends() {
        store(FCR, 1);
        send(3);
        assertThat(load(LSR)).isEqualTo(0x61);
        assertThat(receive(3)).containsExactly(0, 1, 2);
        assertThat(load(LSR)).isEqualTo(0x60);
    }

    @Test
    void shouldLoseNothingToADriverThatReadsLate() {
        store(FCR, 1);
        send(2 * Uart.DEPTH);
        assertThat(load(LSR)).as("still sending").isEqualTo(0x01);
        assertThat(receive(2 * Uart.DEPTH))
                .isEqualTo(IntStream.range(0, 2 * Uart.DEPTH).boxed().toList());
    }

    @Test
    void shouldHoldOneByteWithoutFifos() {
        send(2);
        assertThat(load(LSR)).isEqualTo(0x01);
        assertThat(load(IIR)).isEqualTo(0x01);
        assertThat(receive(2)).containsExactly(0, 1);
    }

    @ParameterizedTest
    @CsvSource({"0x01, 1", "0x41, 4", "0x81, 8", "0xc1, 14"})
    void shouldDistinguishATriggerLevelFromATimeout(String control, int level) {
        store(FCR, Integer.decode(control));
        store(IER, 0x1);
        send(level - 1);
        assertThat(load(IIR)).isEqualTo(level == 1 ? NOTHING : 0xcc);
        send(1);
        assertThat(load(IIR)).isEqualTo(0xc4);
        receive(level);
        assertThat(load(IIR)).isEqualTo(NOTHING);
        assertThat(interrupts()).isFalse();
    }

    @Test
    void shouldForgetWhatItsFifosHoldWhenTold() {
        store(FCR, 1);
        send(4);
        store(FCR, 3);
        assertThat(load(LSR)).isEqualTo(0x60);
        assertThat(receive(1)).containsExactly(0);
    }

    @Test
    void shouldTellOnceThatItHasSentAll() {
        store(FCR, 1);
        store(IER, 0x2);
        assertThat(interrupts()).isTrue();
        assertThat(load(IIR)).isEqualTo(0xc2);
        assertThat(load(IIR)).isEqualTo(NOTHING);
        assertThat(interrupts()).isFalse();

        send(1);
        assertThat(interrupts()).isTrue();
        store(IER, 0);
        assertThat(interrupts()).isFalse();
        store(IER, 0x2);
        assertThat(load(IIR)).as("for who asks again").isEqualTo(0xc2);
    }

    @Test
    void shouldLeadItsModemLinesBackInLoopMode() {
        assertThat(load(MSR)).as("somebody is there").isEqualTo(0xb0);
        store(MCR, 0x1a);
        assertThat(load(MSR) & 0xf0).isEqualTo(0x90);
        store(IER, 0x8);
        store(MCR, 0x10);
        assertThat(load(IIR)).isEqualTo(0x00);
        assertThat(load(MSR)).as("CTS and DCD went").isEqualTo(0x09);
        assertThat(load(MSR)).isZero();
    }

    @Test
    void shouldStartOverOnReset() {
        store(FCR, 1);
        store(IER, 0x3);
        send(4);
        serial.reset();
        assertThat(load(IER)).isZero();
        assertThat(load(LSR)).isEqualTo(0x60);
        assertThat(load(IIR)).isEqualTo(0x01);
        assertThat(interrupts()).isFalse();
    }

    @Test
    void shouldWakeItsDriverWhenSomebodyRings() {
        int config = VfioPci.VFIO_PCI_CONFIG_REGION_INDEX;
        store(FCR, 1);
        send(2);
        serial.store(config, 0x44, 2, 0x103);
        assertThat(serial.device.host(HostRequest.parse("write signal ring")))
                .isEqualTo(new HostReply.Ok(""));
        assertThat(serial.load(config, 0x44, 2)).as("PME_Status").isEqualTo(0x810b);

        serial.store(config, 0x44, 2, 0x8000);
        assertThat(load(MSR)).as("the ring has ended").isEqualTo(0xb4);
        assertThat(receive(2)).as("kept in D3hot").containsExactly(0, 1);
    }

    @Test
    void shouldKnowNoOtherSignal() {
        assertThat(serial.device.host(HostRequest.parse("write signal alert")))
                .isInstanceOf(HostReply.Failed.class);
    }
}
