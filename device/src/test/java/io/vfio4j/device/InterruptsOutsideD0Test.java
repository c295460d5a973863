/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PowerFailure;
import io.vfio4j.power.Refusal;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A driver writes PMCSR: no interrupt leaves the function before it is back in D0, and INTx, which
 * is a level, is there then (spec E).
 */
@ParameterizedClass
@EnumSource(
        value = PciPowerState.class,
        names = {"D1", "D2", "D3HOT"})
class InterruptsOutsideD0Test {
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
    private static final int MSIX = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;
    private static final int UNMASK = Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
    private static final int MASK = Vfio.VFIO_IRQ_SET_ACTION_MASK;
    private static final int NONE = Vfio.VFIO_IRQ_SET_DATA_NONE;
    private static final int EVENTFD = Vfio.VFIO_IRQ_SET_DATA_EVENTFD;
    private static final int MSIX_BAR = 3;
    private static final int CONTROL = PciRegs.PCI_MSIX_ENTRY_VECTOR_CTRL;

    @Parameter PciPowerState state = PciPowerState.D3HOT;

    private final Hosted hosted =
            Hosted.opened(
                    Hosted.FULL.withPower(
                            PowerManagement.downToD3hot().withD1AndD2().withDelays(Delays.ZERO)));
    private final EventFd line = EventFd.create();
    private final EventFd message = EventFd.create();
    private final int pmcsr = pmcsr();

    private int pmcsr() {
        int at = (int) hosted.config(PciRegs.PCI_CAPABILITY_LIST, 1);
        assertThat(hosted.config(at, 1)).isEqualTo(PciRegs.PCI_CAP_ID_PM);
        return at + PciRegs.PCI_PM_CTRL;
    }

    @AfterEach
    void close() {
        hosted.close();
        line.close();
        message.close();
    }

    private void sleep() {
        hosted.config(pmcsr, 2, state.pmcsrBits());
        assertThat(hosted.powerState()).isEqualTo(state);
    }

    private void wake() {
        hosted.config(pmcsr, 2, 0);
        assertThat(hosted.powerState()).isEqualTo(PciPowerState.D0);
    }

    private void intx(boolean level) {
        hosted.model.interrupts().intx(level);
    }

    private boolean send() {
        return hosted.model.interrupts().message(0);
    }

    private boolean status() {
        return (hosted.config(PciRegs.PCI_STATUS, 2) & PciRegs.PCI_STATUS_INTERRUPT) != 0;
    }

    @Test
    void shouldDeliverALineOnceOnTheReturnToD0() {
        hosted.trigger(INTX, line);
        sleep();

        intx(true);

        assertThat(line.drain()).isZero();
        assertThat(status()).as("the function's own state").isTrue();
        wake();
        assertThat(line.drain()).isEqualTo(1);
        assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isZero();
        assertThat(line.drain()).as("the level is still there").isEqualTo(1);
        intx(false);
        assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isZero();
        assertThat(line.drain()).isZero();
    }

    @Test
    void shouldForgetALineThatWasTakenDownMeanwhile() {
        hosted.trigger(INTX, line);
        sleep();
        intx(true);
        intx(false);
        assertThat(status()).isFalse();
        wake();
        assertThat(line.drain()).isZero();
    }

    @Test
    void shouldNotDeliverToAClientThatUnmasksOrSetsUpALineMeanwhile() {
        hosted.trigger(INTX, line);
        intx(true);
        assertThat(line.drain()).isEqualTo(1);
        sleep();
        assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isZero();
        hosted.trigger(INTX, line);
        assertThat(line.drain()).isZero();
        wake();
        assertThat(line.drain()).isEqualTo(1);
    }

    @Test
    void shouldDeferAnUnmaskEventfd() {
        try (EventFd unmask = EventFd.create()) {
            hosted.trigger(INTX, line);
            assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, unmask.fd().duplicate())).isZero();
            intx(true);
            line.drain();
            sleep();
            unmask.signal();
            hosted.watcher.look();
            assertThat(line.drain()).isZero();
            wake();
            assertThat(line.drain()).isEqualTo(1);
        }
    }

    @Test
    void shouldNotDeliverALineThatIsMasked() {
        hosted.trigger(INTX, line);
        assertThat(hosted.irqs(NONE | MASK, INTX, 0, 1)).isZero();
        sleep();
        intx(true);
        wake();
        assertThat(line.drain()).isZero();
        assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isZero();
        assertThat(line.drain()).isEqualTo(1);
    }

    @Test
    void shouldNotDeliverALineThatCommandDisabledMeanwhile() {
        hosted.trigger(INTX, line);
        sleep();
        intx(true);
        int command = PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_INTX_DISABLE;
        hosted.config(PciRegs.PCI_COMMAND, 2, command);
        wake();
        assertThat(line.drain()).isZero();
        assertThat(status()).isTrue();
        hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
        assertThat(line.drain()).isEqualTo(1);
    }

    @Test
    void shouldDropMessagesAndSaySo() {
        hosted.trigger(MSIX, message);
        sleep();
        assertThat(send()).isFalse();
        wake();
        assertThat(message.drain()).isZero();
        assertThat(send()).isTrue();
        assertThat(message.drain()).isEqualTo(1);
    }

    @Test
    void shouldSendWhatWasPendingBeforeAndUnmaskedMeanwhile() {
        hosted.trigger(MSIX, message);
        hosted.store(MSIX_BAR, CONTROL, 4, 1);
        send();
        sleep();
        hosted.trigger(MSIX, message);
        assertThat(message.drain()).as("unmasked, but asleep").isZero();
        wake();
        assertThat(message.drain()).isEqualTo(1);
    }

    /** An interrupted driver that finds all ones in a mapped BAR takes its device for gone. */
    @Test
    void shouldInterruptOnlyWhenTheClientsMappingsShowTheDeviceAwake() {
        hosted.trigger(INTX, line);
        hosted.trigger(MSIX, message);
        sleep();
        long[] early = new long[2];
        hosted.model.whileResuming =
                () -> {
                    intx(true);
                    assertThat(send()).as("taken").isTrue();
                    early[0] = line.drain();
                    early[1] = message.drain();
                };

        wake();

        assertThat(early).containsExactly(0, 0);
        assertThat(line.drain()).isEqualTo(1);
        assertThat(message.drain()).isEqualTo(1);
    }

    @Test
    void shouldSendWhatTheModelSendsBeforeItIsAsleep() {
        hosted.trigger(INTX, line);
        hosted.trigger(MSIX, message);
        hosted.model.whileSuspending =
                () -> {
                    send();
                    intx(true);
                };
        sleep();
        assertThat(message.drain()).isEqualTo(1);
        assertThat(line.drain()).isEqualTo(1);
    }

    @Test
    void shouldInterruptAgainAfterAResetThatEndedTheSleep() {
        hosted.trigger(INTX, line);
        hosted.trigger(MSIX, message);
        sleep();
        intx(true);
        try (DeviceAccess access = hosted.device.access()) {
            assertThat(access.reset()).isZero();
        }
        assertThat(line.drain()).as("the reset took the line down").isZero();
        intx(true);
        assertThat(line.drain()).isEqualTo(1);
        assertThat(send()).isTrue();
        assertThat(message.drain()).isEqualTo(1);
    }

    @Test
    void shouldInterruptTheNextClientOfOneThatLeftItAsleep() {
        hosted.trigger(INTX, line);
        sleep();
        hosted.device.lastClose();
        hosted.open();
        hosted.trigger(INTX, line);
        hosted.trigger(MSIX, message);
        intx(true);
        assertThat(line.drain()).isEqualTo(1);
        assertThat(send()).isTrue();
        assertThat(message.drain()).isEqualTo(1);
    }

    /** Spec B6: the state that the driver chose does not survive a suspend cycle. */
    @Test
    void shouldStaySilentThroughASuspendByTheContract() {
        hosted.trigger(INTX, line);
        hosted.trigger(MSIX, message);
        sleep();
        assertThat(hosted.enter()).isZero();
        hosted.settle();
        assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3HOT);
        intx(true);
        assertThat(send()).isFalse();
        assertThat(line.drain()).isZero();

        assertThat(hosted.exit()).isZero();

        assertThat(line.drain()).isEqualTo(1);
        assertThat(send()).isTrue();
        assertThat(message.drain()).isEqualTo(1);
    }

    @Test
    void shouldStaySilentWhileItsModelDoesNotWake() {
        hosted.trigger(INTX, line);
        hosted.trigger(MSIX, message);
        sleep();
        intx(true);
        hosted.model.whileResuming =
                () -> {
                    throw new PowerFailure(Refusal.EIO, "does not wake");
                };
        hosted.config(pmcsr, 2, 0);
        assertThat(hosted.config(pmcsr, 2) & 3).isEqualTo(state.pmcsrBits());
        assertThat(line.drain()).isZero();
        assertThat(send()).isFalse();

        hosted.model.whileResuming = () -> {};
        wake();

        assertThat(line.drain()).isEqualTo(1);
        assertThat(send()).isTrue();
        assertThat(message.drain()).isEqualTo(1);
    }
}
