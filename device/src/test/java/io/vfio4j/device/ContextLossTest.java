/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;
import io.vfio4j.power.MappingView;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import java.util.Arrays;

/**
 * What configuration space and the MSI-X table hold after each way to be reset or to sleep (spec
 * B3, B6, B7, E; PCI Express 5.3.1.4.1, 6.6.2).
 */
class ContextLossTest {
    private static final int EIO = -Errno.EIO.number();
    private static final int D3HOT = 3;
    private static final int MSIX_BAR = 3;
    private static final int TABLE = 4 * PciRegs.PCI_MSIX_ENTRY_SIZE;

    /** No_Soft_Reset is 0. */
    private static final PciDescription FORGETS =
            Hosted.FULL.withPower(
                    PowerManagement.downToD3hot()
                            .withSoftReset()
                            .withPme(PciPowerState.D0, PciPowerState.D3HOT)
                            .withDelays(Delays.ZERO));

    private Hosted hosted = Hosted.opened(FORGETS);
    private byte[] fresh = new byte[0];
    private Capabilities capabilities = Capabilities.of(hosted);
    private int pmcsr = at(PciRegs.PCI_CAP_ID_PM) + PciRegs.PCI_PM_CTRL;

    @AfterEach
    void close() {
        hosted.close();
    }

    private void host(PciDescription description) {
        hosted.close();
        hosted = Hosted.opened(description);
        capabilities = Capabilities.of(hosted);
        pmcsr = at(PciRegs.PCI_CAP_ID_PM) + PciRegs.PCI_PM_CTRL;
    }

    private int at(int capability) {
        return capabilities.at(capability);
    }

    /** Writes all ones to every register but PMCSR and FLR, as hostile as a driver can be. */
    private byte[] filled() {
        hosted.config(PciRegs.PCI_COMMAND, 2, 0);
        fresh = everything();
        int flr = at(PciRegs.PCI_CAP_ID_EXP) + PciRegs.PCI_EXP_DEVCTL + 1;
        for (int register = 0; register < 4096; register++) {
            if (register >> 2 != pmcsr >> 2 && register != flr) {
                hosted.config(register, 1, 0xff);
            }
        }
        for (int at = 0; at < TABLE; at += PciRegs.PCI_MSIX_ENTRY_SIZE) {
            hosted.store(MSIX_BAR, at, 8, -1);
            // And the mask, which is there after power-on.
            hosted.store(MSIX_BAR, at + 8L, 8, 0xffff_ffffL);
        }
        byte[] filled = everything();
        assertThat(filled).as("a driver was here").isNotEqualTo(fresh);
        return filled;
    }

    /** Configuration space, and behind it the MSI-X table. */
    private byte[] everything() {
        byte[] all = Arrays.copyOf(configuration(), 4096 + TABLE);
        long command = hosted.config(PciRegs.PCI_COMMAND, 2);
        hosted.config(PciRegs.PCI_COMMAND, 2, command | PciRegs.PCI_COMMAND_MEMORY);
        assertThat(hosted.read(MSIX_BAR, 0, TABLE)).isEqualTo(TABLE);
        hosted.buffer.get(0, all, 4096, TABLE);
        hosted.config(PciRegs.PCI_COMMAND, 2, command);
        return all;
    }

    private byte[] configuration() {
        assertThat(hosted.read(Hosted.CONFIG, 0, 4096)).isEqualTo(4096);
        byte[] all = new byte[4096];
        hosted.buffer.get(0, all, 0, 4096);
        return all;
    }

    private void toD3hotAndBack() {
        hosted.config(pmcsr, 2, D3HOT);
        hosted.config(pmcsr, 2, 0);
    }

    @Nested
    class D3hotToD0ByPmcsr {
        @Test
        void shouldLoseEverythingWithoutNoSoftReset() {
            filled();
            toD3hotAndBack();
            assertThat(everything()).isEqualTo(fresh);
            assertThat(hosted.model.calls())
                    .containsExactly("suspend D3hot", "reset SOFT_RESET", "resume D3hot");
        }

        @Test
        void shouldKeepEverythingWithNoSoftReset() {
            host(Hosted.FULL);
            byte[] before = filled();
            toD3hotAndBack();
            assertThat(everything()).isEqualTo(before);
            assertThat(hosted.model.calls()).containsExactly("suspend D3hot", "resume D3hot");
        }

        @Test
        void shouldLoseNothingWhileTheFunctionIsStillDown() {
            byte[] before = Arrays.copyOf(filled(), 4096);
            hosted.config(pmcsr, 2, D3HOT);
            byte[] down = configuration();
            down[pmcsr] &= (byte) ~PciRegs.PCI_PM_CTRL_STATE_MASK;
            assertThat(down).isEqualTo(before);
        }

        @Test
        void shouldLoseNothingFromD1() {
            host(
                    Hosted.FULL.withPower(
                            PowerManagement.downToD3hot()
                                    .withSoftReset()
                                    .withD1AndD2()
                                    .withDelays(Delays.ZERO)));
            byte[] before = filled();
            hosted.config(pmcsr, 2, 1);
            hosted.config(pmcsr, 2, 2);
            hosted.config(pmcsr, 2, 0);
            assertThat(everything()).isEqualTo(before);
        }

        @Test
        void shouldLoseNothingToAWriteOfD0InD0() {
            byte[] before = filled();
            hosted.config(pmcsr, 2, 0);
            assertThat(everything()).isEqualTo(before);
        }

        @Test
        void shouldCloseMemoryUntilTheDriverRestoresCommand() {
            hosted.store(1, 0, 4, 7);
            toD3hotAndBack();

            assertThat(hosted.powerState()).isEqualTo(PciPowerState.D0);
            assertThat(hosted.read(1, 0, 4)).isEqualTo(EIO);
            assertThat(hosted.device.power().state().mappingView()).isEqualTo(MappingView.REVOKED);

            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
            assertThat(hosted.load(1, 0, 4)).isEqualTo(7);
            assertThat(hosted.device.power().state().mappingView()).isEqualTo(MappingView.LIVE);
        }

        /** PME context is preserved (PCI PM 3.2.4). */
        @Test
        void shouldKeepThePmeContext() {
            hosted.config(pmcsr, 2, PciRegs.PCI_PM_CTRL_PME_ENABLE | D3HOT);
            assertThat(hosted.model.wakeEvent()).isTrue();
            hosted.config(pmcsr, 1, 0);
            assertThat(hosted.config(pmcsr, 2))
                    .isEqualTo(PciRegs.PCI_PM_CTRL_PME_ENABLE | PciRegs.PCI_PM_CTRL_PME_STATUS);
        }

        /** They are the client's plumbing, not the function's. */
        @Test
        void shouldKeepTheClientsEventfds() {
            try (EventFd interrupt = EventFd.create()) {
                hosted.trigger(VfioPci.VFIO_PCI_ERR_IRQ_INDEX, interrupt);
                toD3hotAndBack();
                assertThat(hosted.interruptCount(VfioPci.VFIO_PCI_ERR_IRQ_INDEX)).isEqualTo(1);
                int trigger = 1 << 5 | 1;
                assertThat(hosted.irqs(trigger, VfioPci.VFIO_PCI_ERR_IRQ_INDEX, 0, 1)).isZero();
                assertThat(interrupt.drain()).isEqualTo(1);
            }
        }

        /** The context goes first, so nothing of the model acts on it when it wakes. */
        @Test
        void shouldHaveLostItWhenTheModelWakes() {
            hosted.config(PciRegs.PCI_COMMAND, 2, 6);
            hosted.config(pmcsr, 2, D3HOT);
            long[] command = {-1};
            hosted.model.whileResuming =
                    () -> command[0] = hosted.device.power().memoryAccessible() ? 1 : 0;
            hosted.config(pmcsr, 2, 0);
            assertThat(command[0]).isZero();
        }
    }

    /** The kernel saves and restores around these (spec B3, B7). */
    @Nested
    class RestoredForTheClient {
        @Test
        void shouldBeADeviceReset() {
            byte[] before = filled();
            try (DeviceAccess access = hosted.device.access()) {
                assertThat(access.reset()).isZero();
            }
            assertThat(everything()).isEqualTo(before);
        }

        @Test
        void shouldBeADeviceResetInD3hot() {
            byte[] before = filled();
            hosted.config(pmcsr, 2, D3HOT);
            try (DeviceAccess access = hosted.device.access()) {
                assertThat(access.reset()).isZero();
            }
            assertThat(everything()).isEqualTo(before);
        }

        @Test
        void shouldBeASuspendToD3hot() {
            assertKeptOverASuspend();
        }

        @Test
        void shouldBeASuspendToD3cold() {
            host(Hosted.COLD);
            assertKeptOverASuspend();
        }

        @Test
        void shouldBeASuspendOfWhatTheUserHadInD3hot() {
            byte[] before = filled();
            hosted.config(pmcsr, 2, D3HOT);
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(hosted.exit()).isZero();
            assertThat(everything()).isEqualTo(before);
        }

        @Test
        void shouldBeTheNextClientsOpen() {
            hosted.config(PciRegs.PCI_COMMAND, 2, 6);
            hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1, 9);
            hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4, 0xfeb0_0000L);
            hosted.config(pmcsr, 2, D3HOT);
            hosted.device.lastClose();
            hosted.settle();
            hosted.open();

            assertThat(hosted.powerState()).isEqualTo(PciPowerState.D0);
            assertThat(hosted.config(PciRegs.PCI_COMMAND, 2)).isEqualTo(6);
            assertThat(hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1)).isEqualTo(9);
            assertThat(hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4)).isEqualTo(0xfeb0_0000L);
        }

        private void assertKeptOverASuspend() {
            byte[] before = filled();
            assertThat(hosted.enter()).isZero();
            hosted.settle();
            assertThat(hosted.powerState()).isNotEqualTo(PciPowerState.D0);
            assertThat(hosted.exit()).isZero();
            assertThat(everything()).isEqualTo(before);
        }
    }

    /** By the register, as hardware does it: nobody restores it but the driver. */
    @Nested
    class FunctionLevelReset {
        private int control;

        private void flr() {
            control = at(PciRegs.PCI_CAP_ID_EXP) + PciRegs.PCI_EXP_DEVCTL;
            hosted.config(control, 2, PciRegs.PCI_EXP_DEVCTL_BCR_FLR | 0x2f);
        }

        @Test
        void shouldLoseEverythingButWhatTheSpecificationExcepts() {
            host(Hosted.FULL);
            filled();
            flr();

            fresh[control] = 0x20;
            assertThat(everything()).as("all but Max_Payload_Size").isEqualTo(fresh);
            assertThat(hosted.model.calls()).containsExactly("reset FUNCTION");
        }

        @Test
        void shouldCloseMemory() {
            flr();
            assertThat(hosted.read(1, 0, 4)).isEqualTo(EIO);
            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
            assertThat(hosted.read(1, 0, 4)).isEqualTo(4);
        }

        @Test
        void shouldBringTheFunctionBackToD0() {
            hosted.config(pmcsr, 2, D3HOT);
            flr();
            assertThat(hosted.powerState()).isEqualTo(PciPowerState.D0);
            assertThat(hosted.config(pmcsr, 2)).isZero();
        }

        @Test
        void shouldLosePmeUnlessAuxiliaryPowerKeepsIt() {
            int enabled = PciRegs.PCI_PM_CTRL_PME_ENABLE;
            hosted.config(pmcsr, 2, enabled);
            flr();
            assertThat(hosted.config(pmcsr, 2)).isZero();

            host(
                    Hosted.FULL.withPower(
                            PowerManagement.downToD3cold()
                                    .withPme(PciPowerState.D3COLD)
                                    .withDelays(Delays.ZERO)));
            hosted.config(pmcsr, 2, enabled);
            flr();
            assertThat(hosted.config(pmcsr, 2) & enabled).isNotZero();
        }
    }
}
