/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.stream.IntStream;

/** MSI: mask and pending bits, and how many vectors a driver has (PCI Express 7.7.1). */
class MsiTest {
    private static final int MSI = VfioPci.VFIO_PCI_MSI_IRQ_INDEX;
    private static final int TRIGGER = Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int EVENTFD = Vfio.VFIO_IRQ_SET_DATA_EVENTFD;
    private static final int ENABLE = PciRegs.PCI_MSI_FLAGS_ENABLE;
    private static final int VECTORS = 8;

    private final Hosted hosted =
            Hosted.opened(PciDescription.of(PciIdentity.of(1, 2, 3)).withIntx().withMsi(VECTORS));
    private final List<EventFd> eventFds =
            IntStream.range(0, VECTORS).mapToObj(_ -> EventFd.create()).toList();
    private final int capability = (int) hosted.config(PciRegs.PCI_CAPABILITY_LIST, 1);
    private final int control = capability + PciRegs.PCI_MSI_FLAGS;
    private final int mask = capability + PciRegs.PCI_MSI_MASK_64;
    private final int pending = capability + PciRegs.PCI_MSI_PENDING_64;

    @AfterEach
    void close() {
        hosted.close();
        eventFds.forEach(EventFd::close);
    }

    private void enable(int count) {
        Fd[] fds = eventFds.stream().limit(count).map(it -> it.fd().duplicate()).toArray(Fd[]::new);
        assertThat(hosted.irqs(EVENTFD | TRIGGER, MSI, 0, count, fds)).isZero();
    }

    private boolean send(int vector) {
        return hosted.model.interrupts().message(vector);
    }

    private long signals(int vector) {
        return eventFds.get(vector).drain();
    }

    @Test
    void shouldBeUnmaskedFromTheBeginning() {
        assertThat(hosted.config(capability, 1)).isEqualTo(PciRegs.PCI_CAP_ID_MSI);
        assertThat(hosted.config(mask, 4)).isZero();
        enable(1);
        assertThat(send(0)).isTrue();
        assertThat(signals(0)).isEqualTo(1);
    }

    @Test
    void shouldKeepAMessageUntilItsVectorIsUnmasked() {
        enable(2);
        hosted.config(mask, 4, 0b10);

        assertThat(send(1)).isTrue();
        assertThat(send(0)).isTrue();

        assertThat(signals(0)).isEqualTo(1);
        assertThat(signals(1)).isZero();
        assertThat(hosted.config(pending, 4)).isEqualTo(0b10);
        assertThat(hosted.config(pending, 1)).isEqualTo(0b10);
        hosted.config(mask, 1, 0);
        assertThat(signals(1)).isEqualTo(1);
        assertThat(hosted.config(pending, 4)).isZero();
    }

    @Test
    void shouldHaveMaskBitsForItsVectorsAndNoWritablePendingBits() {
        hosted.config(mask, 4, 0xffff_ffffL);
        hosted.config(pending, 4, 0xffff_ffffL);
        assertThat(hosted.config(mask, 4)).isEqualTo(0xff);
        assertThat(hosted.config(pending, 4)).isZero();
        enable(8);
        send(7);
        assertThat(hosted.config(pending, 4)).isEqualTo(0x80);
    }

    /** A guest's driver masks through its VMM, which has given all eventfds: its mask stays. */
    @Test
    void shouldLeaveTheMaskBitsToTheDriver() {
        hosted.config(mask, 4, 0b11);
        enable(2);
        assertThat(hosted.config(mask, 4)).isEqualTo(0b11);
        send(0);
        assertThat(signals(0)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 2", "2, 4", "3, 8", "4, 8", "7, 8"})
    void shouldHaveTheVectorsThatTheDriverAllocated(int log, int allocated) {
        enable(8);
        hosted.config(control, 2, ENABLE | log << 4);
        for (int vector = 0; vector < VECTORS; vector++) {
            assertThat(send(vector)).as("vector %d", vector).isEqualTo(vector < allocated);
            assertThat(signals(vector)).isEqualTo(vector < allocated ? 1 : 0);
        }
    }

    /** Most clients keep the capability to themselves. */
    @Test
    void shouldHaveAllVectorsIfOnlySetIrqsEnablesIt() {
        hosted.config(control, 2, 1 << 4);
        enable(8);
        assertThat(send(7)).isTrue();
        assertThat(signals(7)).isEqualTo(1);
    }

    @Test
    void shouldForgetWhatWasPendingForVectorsThatTheDriverGivesUp() {
        enable(8);
        hosted.config(control, 2, ENABLE | 3 << 4);
        hosted.config(mask, 4, 0xff);
        send(0);
        send(7);
        hosted.config(control, 2, ENABLE);
        assertThat(hosted.config(pending, 4)).isEqualTo(1);
    }

    @Test
    void shouldFollowTheHostsWrites() {
        enable(1);
        hosted.device.host(new HostRequest.WriteConfig(mask, "01000000"));
        send(0);
        assertThat(signals(0)).isZero();
        hosted.device.host(new HostRequest.WriteConfig(mask, "00"));
        assertThat(signals(0)).isEqualTo(1);
    }

    /** PCI 3.0, 6.8.1: a function with MSI enabled does not use its pin. */
    @Test
    void shouldTakeThePlaceOfTheLine() {
        try (EventFd line = EventFd.create()) {
            hosted.trigger(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, line);
            hosted.config(control, 2, ENABLE);
            hosted.model.interrupts().intx(true);
            assertThat(line.drain()).isZero();
            assertThat(hosted.config(PciRegs.PCI_STATUS, 2) & PciRegs.PCI_STATUS_INTERRUPT)
                    .as("the function's own state")
                    .isNotZero();
            hosted.config(control, 2, 0);
            assertThat(line.drain()).isEqualTo(1);
        }
    }

    @Test
    void shouldLeaveNothingToTheNextClient() {
        enable(1);
        hosted.config(control, 2, ENABLE | 2 << 4);
        hosted.config(mask, 4, 0xff);
        send(0);
        hosted.device.lastClose();
        hosted.open();
        assertThat(hosted.config(control, 2) & ENABLE).isZero();
        assertThat(hosted.config(mask, 4)).isZero();
        assertThat(hosted.config(pending, 4)).isZero();
        enable(1);
        assertThat(signals(0)).isZero();
        send(0);
        assertThat(signals(0)).isEqualTo(1);
    }
}
