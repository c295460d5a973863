/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * INTx over a suspend: masked before the device sleeps, unmasked after it is awake, and an unmask
 * that comes in between waits (spec B3; bug I.1, which loses the interrupt for ever).
 */
@ParameterizedClass
@EnumSource(
        value = PciPowerState.class,
        names = {"D3HOT", "D3COLD"})
class InterruptsWhileAsleepTest {
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
    private static final int UNMASK = Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
    private static final int MASK = Vfio.VFIO_IRQ_SET_ACTION_MASK;
    private static final int NONE = Vfio.VFIO_IRQ_SET_DATA_NONE;
    private static final int EVENTFD = Vfio.VFIO_IRQ_SET_DATA_EVENTFD;

    @Parameter PciPowerState depth = PciPowerState.D3HOT;

    private final EventFd interrupt = EventFd.create();
    private final EventFd unmask = EventFd.create();
    private final EventFd wakeup = EventFd.create();
    private Hosted hosted = new Hosted(Hosted.FULL);
    private boolean level;

    @BeforeEach
    void setUpIntx() {
        hosted.close();
        hosted = Hosted.opened(depth == PciPowerState.D3COLD ? Hosted.COLD : Hosted.FULL);
        // D3cold takes the line down; a device that still wants service asks again.
        hosted.model.whileResuming = () -> hosted.model.interrupts().intx(level);
        hosted.trigger(INTX, interrupt);
        assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, unmask.fd().duplicate())).isZero();
    }

    @AfterEach
    void close() {
        hosted.close();
        interrupt.close();
        unmask.close();
        wakeup.close();
    }

    private void sleep() {
        assertThat(hosted.enter(wakeup)).isZero();
        hosted.settle();
        assertThat(hosted.powerState()).isEqualTo(depth);
    }

    private void wake() {
        assertThat(hosted.config(PciRegs.PCI_VENDOR_ID, 2)).isEqualTo(0x1234);
        assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
    }

    private void kick() {
        unmask.signal();
        hosted.watcher.look();
    }

    private void intx(boolean asserted) {
        level = asserted;
        hosted.model.interrupts().intx(asserted);
    }

    @Test
    void shouldDeliverAfterTheWakeWhatWasAssertedWhileAsleep() {
        sleep();
        intx(true);
        assertThat(interrupt.drain()).isZero();

        wake();

        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldDeliverAfterTheWakeWhatTheModelAssertedOnItsWayToSleep() {
        hosted.model.whileSuspending = () -> intx(true);
        sleep();
        assertThat(interrupt.drain()).isZero();
        wake();
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldSignalTheWakeupBeforeTheInterrupt() {
        sleep();
        intx(true);
        // Both are there when the access returns; the order is held by the power rules' own tests.
        wake();
        assertThat(wakeup.drain()).isEqualTo(1);
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldForgetTheLineInD3coldUnlessTheDeviceAsksAgain() {
        hosted.model.whileResuming = () -> {};
        sleep();
        intx(true);
        wake();
        assertThat(interrupt.drain()).isEqualTo(depth == PciPowerState.D3COLD ? 0 : 1);
    }

    /** Bug I.1, end to end. */
    @Test
    void shouldDeferAnUnmaskEventfdUntilTheDeviceIsAwake() {
        intx(true);
        assertThat(interrupt.drain()).as("fired, and masked itself").isEqualTo(1);
        sleep();

        kick();

        assertThat(interrupt.drain()).as("not from a device that sleeps").isZero();
        assertThat(hosted.powerState()).as("nor is it woken").isEqualTo(depth);
        assertThat(wakeup.drain()).isZero();
        wake();
        assertThat(interrupt.drain()).as("still asserted, and unmasked now").isEqualTo(1);
        kick();
        assertThat(interrupt.drain()).as("and on it goes").isEqualTo(1);
        intx(false);
        kick();
        assertThat(interrupt.drain()).isZero();
        intx(true);
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldDeferAnUnmaskEventfdThatComesDuringTheSuspend() {
        intx(true);
        interrupt.drain();
        hosted.model.whileSuspending = this::kick;
        sleep();
        assertThat(interrupt.drain()).isZero();
        wake();
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldUnmaskAtOnceWhileAwake() {
        intx(true);
        interrupt.drain();
        kick();
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldNotUnmaskWhatTheClientMasked() {
        assertThat(hosted.irqs(NONE | MASK, INTX, 0, 1)).isZero();
        sleep();
        intx(true);
        wake();
        assertThat(interrupt.drain()).isZero();
        assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isZero();
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldNotUnmaskWhatFiredAndWasNotServed() {
        intx(true);
        interrupt.drain();
        sleep();
        wake();
        assertThat(interrupt.drain()).isZero();
        kick();
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldNotUnmaskWhatCommandDisabled() {
        int command = PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_INTX_DISABLE;
        hosted.config(PciRegs.PCI_COMMAND, 2, command);
        sleep();
        intx(true);
        kick();
        wake();
        assertThat(interrupt.drain()).isZero();
        hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldNotInterruptFromItsSleepBecauseTheHostClearedDisIntx() {
        int command = PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_INTX_DISABLE;
        hosted.config(PciRegs.PCI_COMMAND, 2, command);
        intx(true);
        sleep();

        hosted.device.host(new HostRequest.WriteConfig(4, "0200"));

        if (depth == PciPowerState.D3HOT) {
            assertThat(hosted.powerState()).isEqualTo(depth);
            assertThat(interrupt.drain()).isZero();
            wake();
        }
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    @Test
    void shouldForgetADeferredUnmaskWithItsClient() {
        intx(true);
        interrupt.drain();
        sleep();
        kick();
        hosted.device.lastClose();
        hosted.settle();
        assertThat(interrupt.drain()).isZero();
        assertThat(hosted.watcher.watching()).isZero();

        hosted.open();
        hosted.trigger(INTX, interrupt);
        assertThat(interrupt.drain()).as("the new client is told of the level").isEqualTo(1);
        kick();
        assertThat(interrupt.drain()).as("nobody watches the old eventfd").isZero();
    }

    /** Spec E: no interrupts but PME. */
    @Test
    void shouldDropMessagesAndSaySo() {
        try (EventFd message = EventFd.create()) {
            hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, message);
            sleep();

            assertThat(hosted.model.interrupts().message(0)).isFalse();

            assertThat(message.drain()).isZero();
            assertThat(hosted.powerState()).as("nor is it woken").isEqualTo(depth);
            wake();
            assertThat(message.drain()).as("nothing is kept").isZero();
            assertThat(hosted.model.interrupts().message(0)).isTrue();
            assertThat(message.drain()).isEqualTo(1);
        }
    }

    /** What a suspend flushes and what a resume finds to tell is sent from D0. */
    @Test
    void shouldSendWhatTheModelSendsOnItsWayDownAndUp() {
        try (EventFd message = EventFd.create()) {
            hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, message);
            hosted.model.whileSuspending = () -> hosted.model.interrupts().message(0);
            hosted.model.whileResuming = () -> hosted.model.interrupts().message(0);
            sleep();
            assertThat(message.drain()).isEqualTo(1);
            wake();
            assertThat(message.drain()).isEqualTo(1);
        }
    }
}
