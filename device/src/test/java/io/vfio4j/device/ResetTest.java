/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.power.ContractState;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.power.PowerFailure;
import io.vfio4j.power.Profile;
import io.vfio4j.power.Refusal;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a reset takes and what it leaves, and why it came (spec B7, E). */
class ResetTest {
    private Hosted hosted = Hosted.opened(Hosted.FULL);

    @AfterEach
    void close() {
        hosted.close();
    }

    private void host(PciDescription description) {
        hosted.close();
        hosted = Hosted.opened(description);
    }

    private int reset() {
        try (DeviceAccess access = hosted.device.access()) {
            return access.reset();
        }
    }

    @Test
    void shouldBeTheModelsBusiness() {
        assertThat(reset()).isZero();
        assertThat(hosted.model.calls()).containsExactly("reset FUNCTION");
    }

    /** One of the model's threads does not know of the reset yet. */
    private void raiseAllThatThereIs() {
        hosted.model.interrupts().intx(true);
        hosted.model.interrupts().message(0);
        hosted.model.interrupts().message(1);
    }

    private void assertNoInterruptOutlives(Runnable reset) {
        try (EventFd line = EventFd.create();
                EventFd message = EventFd.create()) {
            hosted.trigger(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, line);
            hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, message);
            hosted.model.whileResetting = this::raiseAllThatThereIs;

            reset.run();

            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
            assertThat(line.drain()).isZero();
            assertThat(message.drain()).isZero();
            assertThat(hosted.config(PciRegs.PCI_STATUS, 2) & PciRegs.PCI_STATUS_INTERRUPT)
                    .as("the line")
                    .isZero();
            assertThat(hosted.load(3, Hosted.FULL.msixPendingOffset(), 8)).as("pending").isZero();
            hosted.model.interrupts().intx(true);
            assertThat(hosted.model.interrupts().message(0)).isTrue();
            assertThat(line.drain()).as("the gate is open again").isEqualTo(1);
            assertThat(message.drain()).isEqualTo(1);
        }
    }

    @Test
    void shouldDropWhatTheModelSendsUntilItIsReset() {
        assertNoInterruptOutlives(() -> assertThat(reset()).isZero());
    }

    @Test
    void shouldDropWhatTheModelSendsUntilItIsResetByTheRegister() {
        assertNoInterruptOutlives(this::functionLevelReset);
    }

    @Test
    void shouldDropWhatTheModelSendsUntilItIsResetOnItsWayFromD3cold() {
        host(Hosted.COLD);
        assertNoInterruptOutlives(() -> {
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(hosted.exit()).isZero();
        });
    }

    @Test
    void shouldLetInterruptsOutAgainAfterAResetThatFailed() {
        try (EventFd message = EventFd.create()) {
            hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, message);
            hosted.model.whileResetting = ResetTest::fail;
            assertThat(reset()).isEqualTo(-Errno.EIO.number());
            assertThat(hosted.model.interrupts().message(0)).isTrue();
            assertThat(message.drain()).isEqualTo(1);
        }
    }

    private void functionLevelReset() {
        int control = Capabilities.of(hosted).at(PciRegs.PCI_CAP_ID_EXP) + PciRegs.PCI_EXP_DEVCTL;
        hosted.config(control, 2, PciRegs.PCI_EXP_DEVCTL_BCR_FLR);
    }

    private static void fail() {
        throw new PowerFailure(Refusal.EIO, "stuck");
    }

    /** A model that does not wake from the user's D3hot: the reset is what helps it. */
    @Nested
    class OfAModelThatRefusesToWake {
        private int pmcsr;

        private void refusing(PciDescription description) {
            host(description);
            pmcsr = Capabilities.of(hosted).at(PciRegs.PCI_CAP_ID_PM) + PciRegs.PCI_PM_CTRL;
            hosted.config(pmcsr, 2, 3);
            hosted.model.whileResuming = ResetTest::fail;
            hosted.config(pmcsr, 2, 0);
            assertThat(hosted.config(pmcsr, 1) & 3).isEqualTo(3);
            hosted.model.calls();
        }

        private void assertWorks() {
            assertThat(hosted.config(pmcsr, 1) & 3).isZero();
            assertThat(hosted.powerState()).isEqualTo(PciPowerState.D0);
            assertThat(hosted.load(0, 0, 4)).isEqualTo(0x03020100);
            try (EventFd message = EventFd.create()) {
                hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, message);
                assertThat(hosted.model.interrupts().message(0)).isTrue();
                assertThat(message.drain()).isEqualTo(1);
            }
        }

        @Test
        void shouldGoThrough() {
            refusing(Hosted.FULL);
            assertThat(reset()).isZero();
            assertThat(hosted.model.calls()).containsExactly("resume D3hot", "reset FUNCTION");
            assertWorks();
        }

        @Test
        void shouldGoThroughByTheRegister() {
            refusing(Hosted.FULL);
            functionLevelReset();
            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
            assertThat(hosted.model.calls()).containsExactly("resume D3hot", "reset FUNCTION");
            assertWorks();
        }

        @Test
        void shouldComeWithTheLastCloseForTheNextClient() {
            refusing(Hosted.FULL);
            hosted.device.lastClose();
            hosted.settle();
            hosted.model.whileResuming = () -> {};
            hosted.open();
            assertWorks();
        }

        @Test
        void shouldComeWithTheNextOpenIfItFailedBefore() {
            refusing(Hosted.FULL);
            hosted.model.whileResetting = ResetTest::fail;
            hosted.device.lastClose();
            hosted.settle();
            hosted.open();
            assertThat(hosted.config(pmcsr, 1) & 3).isEqualTo(3);
            hosted.device.lastClose();
            hosted.settle();

            hosted.model.whileResetting = () -> {};
            hosted.open();

            assertWorks();
        }

        @Test
        void shouldNotLeaveInterruptsWaitingAfterAnOpenThatWokeIt() {
            refusing(Hosted.FULL);
            hosted.model.whileResetting = ResetTest::fail;
            hosted.device.lastClose();
            hosted.settle();
            hosted.model.whileResuming = () -> {};
            hosted.open();
            assertWorks();
        }
    }

    @Test
    void shouldDropTheInterruptLine() {
        hosted.model.interrupts().intx(true);
        assertThat(reset()).isZero();
        assertThat(hosted.config(PciRegs.PCI_STATUS, 2) & PciRegs.PCI_STATUS_INTERRUPT).isZero();
    }

    @Test
    void shouldKeepConfigurationSpaceAndMemory() {
        hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1, 7);
        hosted.config(PciRegs.PCI_COMMAND, 2, 6);
        hosted.store(1, 0, 8, 1);
        hosted.store(2, 0, 8, 2);

        assertThat(reset()).isZero();

        assertThat(hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1)).isEqualTo(7);
        assertThat(hosted.config(PciRegs.PCI_COMMAND, 2)).isEqualTo(6);
        assertThat(hosted.load(1, 0, 8)).isEqualTo(1);
        assertThat(hosted.load(2, 0, 8)).isEqualTo(2);
    }

    @Test
    void shouldKeepTheClientsInterrupts() {
        try (EventFd interrupt = EventFd.create()) {
            hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, interrupt);
            assertThat(reset()).isZero();
            assertThat(hosted.model.interrupts().message(0)).isTrue();
            assertThat(interrupt.drain()).isEqualTo(1);
        }
    }

    @Test
    void shouldBringTheFunctionBackToD0First() {
        host(
                Hosted.FULL.withPower(
                        PowerManagement.downToD3hot().withSoftReset().withDelays(Delays.ZERO)));
        hosted.config(0x44, 2, 3);
        assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3HOT);

        assertThat(reset()).isZero();

        assertThat(hosted.powerState()).isEqualTo(PciPowerState.D0);
        assertThat(hosted.model.calls())
                .containsExactly(
                        "suspend D3hot", "reset SOFT_RESET", "resume D3hot", "reset FUNCTION");
        assertThat(hosted.load(0, 0, 4)).isEqualTo(0x03020100);
    }

    @Test
    void shouldLeaveLowPowerAsItIs() {
        assertThat(hosted.enter()).isZero();
        assertThat(reset()).isZero();
        assertThat(hosted.contract()).isEqualTo(ContractState.N_A);
        hosted.settle();
        assertThat(hosted.contract()).isEqualTo(ContractState.N_S);
        hosted.model.calls();

        assertThat(reset()).isZero();
        assertThat(hosted.contract()).isEqualTo(ContractState.N_A);
        hosted.settle();

        assertThat(hosted.contract()).isEqualTo(ContractState.N_S);
        assertThat(hosted.model.calls())
                .containsExactly("resume D3hot", "reset FUNCTION", "suspend D3hot");
    }

    @Test
    void shouldEndASleepWithAWakeup() {
        try (EventFd wakeup = EventFd.create()) {
            assertThat(hosted.enter(wakeup)).isZero();
            hosted.settle();
            assertThat(reset()).isZero();
            assertThat(wakeup.drain()).isEqualTo(1);
            assertThat(hosted.contract()).isEqualTo(ContractState.OFF);
        }
    }

    @Test
    void shouldAnswerTheErrnoOfAModelThatFails() {
        PciDevice broken =
                new PciDevice(Hosted.FULL) {
                    @Override
                    protected void reset(ResetReason reason) {
                        throw new PowerFailure(Refusal.ENODEV, "gone");
                    }
                };
        HostOptions options =
                new HostOptions(
                        new ManualScheduler(),
                        new ManualClock(),
                        new ManualWatcher(),
                        Profile.LINUX_7_3);
        try (HostedDevice device = new HostedDevice(broken, options)) {
            device.open(new NoMessages());
            try (DeviceAccess access = device.access()) {
                assertThat(access.reset()).isEqualTo(-Errno.ENODEV.number());
            }
        }
    }

    /** Power comes back after D3cold: a full reset, and only then the model goes on. */
    @Test
    void shouldComeWithThePowerAfterD3cold() {
        host(Hosted.COLD);
        assertThat(hosted.enter()).isZero();
        hosted.settle();
        assertThat(hosted.model.calls()).containsExactly("suspend D3cold");

        assertThat(hosted.exit()).isZero();

        assertThat(hosted.model.calls()).containsExactly("reset POWER_ON", "resume D3cold");
    }

    @Test
    void shouldNotComeAfterD3hotWithNoSoftReset() {
        assertThat(hosted.enter()).isZero();
        hosted.settle();
        assertThat(hosted.exit()).isZero();
        assertThat(hosted.model.calls()).containsExactly("suspend D3hot", "resume D3hot");
    }

    @Test
    void shouldComeAfterD3hotWithoutNoSoftReset() {
        host(
                Hosted.FULL.withPower(
                        PowerManagement.downToD3hot().withSoftReset().withDelays(Delays.ZERO)));
        assertThat(hosted.enter()).isZero();
        hosted.settle();
        assertThat(hosted.exit()).isZero();
        assertThat(hosted.model.calls())
                .containsExactly("suspend D3hot", "reset SOFT_RESET", "resume D3hot");
    }

    /** The kernel restores it (spec B3); memory is the model's business. */
    @Test
    void shouldLeaveConfigurationSpaceOverD3cold() {
        host(Hosted.COLD);
        hosted.config(PciRegs.PCI_COMMAND, 2, 6);
        hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4, 0xfeb0_0000L);
        hosted.store(2, 0, 8, 42);
        assertThat(hosted.enter()).isZero();
        hosted.settle();

        assertThat(hosted.config(PciRegs.PCI_COMMAND, 2)).isEqualTo(6);
        assertThat(hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4)).isEqualTo(0xfeb0_0000L);
        assertThat(hosted.load(2, 0, 8)).isEqualTo(42);
    }
}
