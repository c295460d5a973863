/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Errno;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.LinkedHashMap;
import java.util.Map;

/** Configuration space: the header, the capabilities, and what writing does (spec B5, B6). */
class ConfigSpaceTest {
    private Hosted hosted = Hosted.opened(Hosted.FULL);

    @AfterEach
    void close() {
        hosted.close();
    }

    private void host(PciDescription description) {
        hosted.close();
        hosted = Hosted.opened(description);
    }

    private int capability(int id) {
        return capabilities().getOrDefault(id, 0);
    }

    /** Id to offset, in the order of the chain. */
    private Map<Integer, Integer> capabilities() {
        Map<Integer, Integer> found = new LinkedHashMap<>();
        int at = (int) hosted.config(PciRegs.PCI_CAPABILITY_LIST, 1);
        while (at != 0) {
            assertThat(at)
                    .isGreaterThanOrEqualTo(0x40)
                    .isLessThan(0x100)
                    .matches(it -> it % 4 == 0);
            assertThat(found).as("a chain without loops").hasSizeLessThan(48);
            found.put((int) hosted.config(at, 1), at);
            at = (int) hosted.config(at + 1, 1);
        }
        return found;
    }

    @Nested
    class Header {
        @Test
        void shouldIdentifyTheFunction() {
            assertIdentified();
        }

        private void assertIdentified() {
            assertThat(hosted.config(PciRegs.PCI_VENDOR_ID, 2)).isEqualTo(0x1234);
            assertThat(hosted.config(PciRegs.PCI_DEVICE_ID, 2)).isEqualTo(0x11e8);
            assertThat(hosted.config(PciRegs.PCI_REVISION_ID, 1)).isEqualTo(0x10);
            assertThat(hosted.config(PciRegs.PCI_CLASS_REVISION, 4) >>> 8).isEqualTo(0x00ff00);
            assertThat(hosted.config(PciRegs.PCI_SUBSYSTEM_VENDOR_ID, 2)).isEqualTo(0x1af4);
            assertThat(hosted.config(PciRegs.PCI_SUBSYSTEM_ID, 2)).isEqualTo(0x1100);
            assertThat(hosted.config(PciRegs.PCI_HEADER_TYPE, 1)).isZero();
        }

        @Test
        void shouldKeepTheIdentificationWhateverIsWritten() {
            hosted.config(PciRegs.PCI_VENDOR_ID, 4, 0xffff_ffffL);
            hosted.config(PciRegs.PCI_CLASS_REVISION, 4, 0);
            hosted.config(PciRegs.PCI_SUBSYSTEM_VENDOR_ID, 4, 0);

            assertIdentified();
        }

        @Test
        void shouldHaveIntaIfTheFunctionInterruptsByPin() {
            assertThat(hosted.config(PciRegs.PCI_INTERRUPT_PIN, 1)).isEqualTo(1);
            host(PciDescription.of(PciIdentity.of(1, 2, 3)));
            assertThat(hosted.config(PciRegs.PCI_INTERRUPT_PIN, 1)).isZero();
        }

        @Test
        void shouldKeepTheInterruptLineThatSoftwareWrote() {
            hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1, 11);
            hosted.config(PciRegs.PCI_INTERRUPT_PIN, 1, 4);

            assertThat(hosted.config(PciRegs.PCI_INTERRUPT_LINE, 1)).isEqualTo(11);
            assertThat(hosted.config(PciRegs.PCI_INTERRUPT_PIN, 1)).isEqualTo(1);
        }

        @Test
        void shouldDecodeMemoryOnceOpen() {
            assertThat(hosted.config(PciRegs.PCI_COMMAND, 2)).isEqualTo(PciRegs.PCI_COMMAND_MEMORY);
        }

        @Test
        void shouldKeepOnlyTheCommandBitsThatMeanSomething() {
            hosted.config(PciRegs.PCI_COMMAND, 2, 0xffff);

            assertThat(hosted.config(PciRegs.PCI_COMMAND, 2))
                    .isEqualTo(
                            PciRegs.PCI_COMMAND_MEMORY
                                    | PciRegs.PCI_COMMAND_MASTER
                                    | PciRegs.PCI_COMMAND_PARITY
                                    | PciRegs.PCI_COMMAND_SERR
                                    | PciRegs.PCI_COMMAND_INTX_DISABLE);
        }

        @Test
        void shouldShowInStatusThatTheLineIsAsserted() {
            hosted.model.interrupts().intx(true);
            assertThat(hosted.config(PciRegs.PCI_STATUS, 2))
                    .isEqualTo(PciRegs.PCI_STATUS_CAP_LIST | PciRegs.PCI_STATUS_INTERRUPT);
            assertThat(hosted.config(PciRegs.PCI_COMMAND, 4) >>> 16)
                    .isEqualTo(PciRegs.PCI_STATUS_CAP_LIST | PciRegs.PCI_STATUS_INTERRUPT);
            hosted.model.interrupts().intx(false);
            assertThat(hosted.config(PciRegs.PCI_STATUS, 2)).isEqualTo(PciRegs.PCI_STATUS_CAP_LIST);
        }
    }

    @Nested
    class Bars {
        @ParameterizedTest
        @CsvSource({"0, 0xfffff000", "1, 0xffffff00", "2, 0xffffc000", "3, 0xffffe000"})
        void shouldAnswerSizingWithTheMask(int bar, String mask) {
            int register = PciRegs.PCI_BASE_ADDRESS_0 + 4 * bar;

            hosted.config(register, 4, 0xffff_ffffL);

            assertThat(hosted.config(register, 4)).isEqualTo(Long.decode(mask));
        }

        @Test
        void shouldSizeA64BitBarOverItsTwoRegisters() {
            int register = PciRegs.PCI_BASE_ADDRESS_4;
            hosted.config(register, 4, 0xffff_ffffL);
            hosted.config(register + 4, 4, 0xffff_ffffL);

            assertThat(hosted.config(register, 4))
                    .isEqualTo(0xffff_0000L | PciRegs.PCI_BASE_ADDRESS_MEM_TYPE_64);
            assertThat(hosted.config(register + 4, 4)).isEqualTo(0xffff_ffffL);
        }

        @Test
        void shouldSizeABarBeyond4GiB() {
            host(
                    PciDescription.of(PciIdentity.of(1, 2, 3))
                            .with(
                                    new BarDescription(
                                            0, 1L << 34, BarDescription.Backing.REGISTERS, true)));
            hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4, 0xffff_ffffL);
            hosted.config(PciRegs.PCI_BASE_ADDRESS_1, 4, 0xffff_ffffL);

            assertThat(hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4))
                    .isEqualTo(PciRegs.PCI_BASE_ADDRESS_MEM_TYPE_64);
            assertThat(hosted.config(PciRegs.PCI_BASE_ADDRESS_1, 4)).isEqualTo(0xffff_fffcL);
        }

        @Test
        void shouldKeepTheAddressAbove() {
            hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4, 0xfeb0_1234L);
            assertThat(hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4)).isEqualTo(0xfeb0_1000L);
        }

        @Test
        void shouldReadZeroWhereThereIsNone() {
            host(PciDescription.of(PciIdentity.of(1, 2, 3)));
            hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4, 0xffff_ffffL);
            hosted.config(PciRegs.PCI_ROM_ADDRESS, 4, 0xffff_ffffL);

            assertThat(hosted.config(PciRegs.PCI_BASE_ADDRESS_0, 4)).isZero();
            assertThat(hosted.config(PciRegs.PCI_ROM_ADDRESS, 4)).isZero();
        }
    }

    @Nested
    class Capabilities {
        @Test
        void shouldBeChainedInOrder() {
            assertThat(capabilities().keySet())
                    .containsExactly(
                            PciRegs.PCI_CAP_ID_PM,
                            PciRegs.PCI_CAP_ID_MSI,
                            PciRegs.PCI_CAP_ID_MSIX,
                            PciRegs.PCI_CAP_ID_EXP);
        }

        @Test
        void shouldBeAbsentFromAFunctionThatDeclaresNone() {
            host(PciDescription.of(PciIdentity.of(1, 2, 3)).withoutExpress());

            assertThat(hosted.config(PciRegs.PCI_CAPABILITY_LIST, 1)).isZero();
            assertThat(hosted.config(PciRegs.PCI_STATUS, 2)).isZero();
            assertThat(hosted.region(Hosted.CONFIG).size()).isEqualTo(256);
        }

        @Test
        void shouldTellOfTheStatesThatTheFunctionHas() {
            int pmc = (int) hosted.config(capability(PciRegs.PCI_CAP_ID_PM) + 2, 2);
            assertThat(pmc).as("version 3, no D1, no D2, no PME (spec B6)").isEqualTo(3);

            host(
                    Hosted.FULL.withPower(
                            PowerManagement.downToD3hot().withD1AndD2().withDelays(Delays.ZERO)));
            pmc = (int) hosted.config(capability(PciRegs.PCI_CAP_ID_PM) + 2, 2);
            assertThat(pmc).isEqualTo(3 | PciRegs.PCI_PM_CAP_D1 | PciRegs.PCI_PM_CAP_D2);
        }

        @Test
        void shouldDescribeMsiWithMasksAnd64BitAddresses() {
            int at = capability(PciRegs.PCI_CAP_ID_MSI);
            assertThat(hosted.config(at + PciRegs.PCI_MSI_FLAGS, 2))
                    .as("2 vectors")
                    .isEqualTo(
                            PciRegs.PCI_MSI_FLAGS_64BIT | PciRegs.PCI_MSI_FLAGS_MASKBIT | 1 << 1);

            hosted.config(at + PciRegs.PCI_MSI_FLAGS, 2, 0xffff);
            hosted.config(at + PciRegs.PCI_MSI_ADDRESS_LO, 4, 0xfee0_1003L);
            hosted.config(at + PciRegs.PCI_MSI_MASK_64, 4, 0xffff_ffffL);
            assertThat(hosted.config(at + PciRegs.PCI_MSI_FLAGS, 2))
                    .isEqualTo(
                            PciRegs.PCI_MSI_FLAGS_64BIT
                                    | PciRegs.PCI_MSI_FLAGS_MASKBIT
                                    | 1 << 1
                                    | PciRegs.PCI_MSI_FLAGS_ENABLE
                                    | PciRegs.PCI_MSI_FLAGS_QSIZE);
            assertThat(hosted.config(at + PciRegs.PCI_MSI_ADDRESS_LO, 4)).isEqualTo(0xfee0_1000L);
            assertThat(hosted.config(at + PciRegs.PCI_MSI_MASK_64, 4)).isEqualTo(3);
        }

        @Test
        void shouldSayWhereTheMsixTableIs() {
            int at = capability(PciRegs.PCI_CAP_ID_MSIX);
            assertThat(hosted.config(at + PciRegs.PCI_MSIX_FLAGS, 2)).as("4 vectors").isEqualTo(3);
            assertThat(hosted.config(at + PciRegs.PCI_MSIX_TABLE, 4)).as("BAR 3").isEqualTo(3);
            assertThat(hosted.config(at + PciRegs.PCI_MSIX_PBA, 4)).isEqualTo(4096 | 3);
            assertThat(hosted.region(3).size()).isEqualTo(8192);
        }

        @ParameterizedTest
        @CsvSource({"1, 8192, 4096", "256, 8192, 4096", "257, 16384, 8192", "2048, 65536, 32768"})
        void shouldMakeTheMsixBarLargeEnough(int vectors, long size, int pending) {
            host(PciDescription.of(PciIdentity.of(1, 2, 3)).withMsix(vectors, 0));

            int at = capability(PciRegs.PCI_CAP_ID_MSIX);
            assertThat(hosted.region(0).size()).isEqualTo(size);
            assertThat(hosted.config(at + PciRegs.PCI_MSIX_PBA, 4)).isEqualTo(pending);
            assertThat(hosted.config(at + PciRegs.PCI_MSIX_FLAGS, 2)).isEqualTo(vectors - 1);
        }

        @Test
        void shouldResetTheFunctionByFlr() {
            int at = capability(PciRegs.PCI_CAP_ID_EXP);
            assertThat(hosted.config(at + PciRegs.PCI_EXP_DEVCAP, 4) & PciRegs.PCI_EXP_DEVCAP_FLR)
                    .isNotZero();

            hosted.config(at + PciRegs.PCI_EXP_DEVCTL, 2, PciRegs.PCI_EXP_DEVCTL_BCR_FLR | 0xf);

            assertThat(hosted.model.calls()).containsExactly("reset FUNCTION");
            assertThat(hosted.config(at + PciRegs.PCI_EXP_DEVCTL, 2))
                    .as("the bit reads 0, and the rest is lost")
                    .isZero();
        }

        @Test
        void shouldNotOfferFlrIfTheFunctionLacksIt() {
            host(Hosted.FULL.withoutFlr());
            int at = capability(PciRegs.PCI_CAP_ID_EXP);
            assertThat(hosted.config(at + PciRegs.PCI_EXP_DEVCAP, 4) & PciRegs.PCI_EXP_DEVCAP_FLR)
                    .isZero();

            hosted.config(at + PciRegs.PCI_EXP_DEVCTL, 2, PciRegs.PCI_EXP_DEVCTL_BCR_FLR | 0xf);

            assertThat(hosted.model.calls()).isEmpty();
            assertThat(hosted.config(at + PciRegs.PCI_EXP_DEVCTL, 2)).isEqualTo(0xf);
            host(Hosted.FULL.withoutFlr().withFlr());
            assertThat(hosted.config(at + PciRegs.PCI_EXP_DEVCAP, 4) & PciRegs.PCI_EXP_DEVCAP_FLR)
                    .isNotZero();
        }

        @Test
        void shouldNotResetByTheLowByteOfDeviceControl() {
            int at = capability(PciRegs.PCI_CAP_ID_EXP);
            hosted.config(at + PciRegs.PCI_EXP_DEVCTL, 1, 0xff);
            assertThat(hosted.model.calls()).isEmpty();
        }
    }

    @Nested
    class Ranges {
        @Test
        void shouldReadTheWholeSpaceAtOnce() {
            assertThat(hosted.read(Hosted.CONFIG, 0, 4096)).isEqualTo(4096);
            assertThat(hosted.buffer.getInt(0)).isEqualTo(0x11e8_1234);
        }

        @ParameterizedTest
        @CsvSource({
            "4096, 1",
            "4095, 2",
            "0, 4097",
            "-1, 1",
            "9223372036854775807, 1",
            "100, 2097152"
        })
        void shouldFaultPastTheEnd(long offset, int count) {
            int efault = -Errno.EFAULT.number();
            assertThat(hosted.read(Hosted.CONFIG, offset, count)).isEqualTo(efault);
            assertThat(hosted.write(Hosted.CONFIG, offset, count)).isEqualTo(efault);
        }

        @Test
        void shouldEndAt256WithoutPciExpress() {
            host(Hosted.FULL.withoutExpress());
            assertThat(hosted.read(Hosted.CONFIG, 255, 1)).isEqualTo(1);
            assertThat(hosted.read(Hosted.CONFIG, 256, 1)).isEqualTo(-Errno.EFAULT.number());
        }

        @Test
        void shouldWriteEachByteOfALongWriteWhereItBelongs() {
            hosted.buffer.putLong(0, 0xffff_ffff_0000_0006L);
            hosted.buffer.putInt(8, 0x0000_40ff);
            int start = PciRegs.PCI_COMMAND;

            assertThat(hosted.write(Hosted.CONFIG, start, 12)).isEqualTo(12);

            assertThat(hosted.config(PciRegs.PCI_COMMAND, 2)).isEqualTo(6);
            assertThat(hosted.config(PciRegs.PCI_CACHE_LINE_SIZE, 1)).isEqualTo(0xff);
            assertThat(hosted.config(PciRegs.PCI_LATENCY_TIMER, 1)).isZero();
        }
    }

    /** Spec B6. */
    @Nested
    class Pmcsr {
        private int pmcsr;

        private void at(PciDescription description) {
            host(description);
            pmcsr = capability(PciRegs.PCI_CAP_ID_PM) + PciRegs.PCI_PM_CTRL;
        }

        private long state() {
            return hosted.config(pmcsr, 2) & PciRegs.PCI_PM_CTRL_STATE_MASK;
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 4})
        void shouldTakeTheStateFromAWriteThatStartsThere(int width) {
            at(Hosted.FULL);
            hosted.config(pmcsr, width, 3);

            assertThat(state()).isEqualTo(3);
            assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3HOT);
            assertThat(hosted.device.power().runtimeStatus()).isEqualTo("active");
        }

        @Test
        void shouldTakeTheStateFromALargerWriteCutAtDwords() {
            at(Hosted.FULL);
            hosted.buffer.putLong(0, 3L << 32);
            assertThat(hosted.write(Hosted.CONFIG, pmcsr - 4, 8)).isEqualTo(8);
            assertThat(state()).isEqualTo(3);

            hosted.buffer.putLong(0, 0);
            assertThat(hosted.write(Hosted.CONFIG, pmcsr - 2, 4)).isEqualTo(4);
            assertThat(state()).isZero();
        }

        @Test
        void shouldNotTakeTheStateFromAWriteOneByteFurther() {
            at(Hosted.FULL);
            hosted.config(pmcsr + 1, 1, 3);
            hosted.config(pmcsr + 1, 2, 0x0303);
            assertThat(state()).isZero();
        }

        @Test
        void shouldNotLetPmeBitsBeWritten() {
            at(Hosted.FULL);
            hosted.config(
                    pmcsr, 2, PciRegs.PCI_PM_CTRL_PME_ENABLE | PciRegs.PCI_PM_CTRL_PME_STATUS);
            assertThat(hosted.config(pmcsr, 2)).isEqualTo(PciRegs.PCI_PM_CTRL_NO_SOFT_RESET);
        }

        @Test
        void shouldIgnoreAStateThatTheFunctionLacks() {
            at(Hosted.FULL);
            hosted.config(pmcsr, 2, 1);
            assertThat(state()).isZero();
            hosted.config(pmcsr, 2, 2);
            assertThat(state()).isZero();
        }

        @Test
        void shouldRefuseAMoveUpThatDoesNotEndInD0() {
            at(
                    Hosted.FULL.withPower(
                            PowerManagement.downToD3hot().withD1AndD2().withDelays(Delays.ZERO)));
            hosted.config(pmcsr, 2, 1);
            assertThat(state()).isEqualTo(1);
            hosted.config(pmcsr, 2, 3);
            assertThat(state()).isEqualTo(3);
            hosted.config(pmcsr, 2, 1);
            assertThat(state()).as("refused, and the write succeeded").isEqualTo(3);
            hosted.config(pmcsr, 2, 0);
            assertThat(state()).isZero();
        }

        @Test
        void shouldReadBackD0RightAfterItIsWritten() {
            at(Hosted.FULL.withPower(PowerManagement.downToD3hot()));
            long start = hosted.clock.nanoTime();
            hosted.config(pmcsr, 2, 3);
            hosted.config(pmcsr, 2, 0);
            assertThat(state()).isZero();
            assertThat(hosted.clock.nanoTime() - start)
                    .as("10 ms down, 10 ms up")
                    .isEqualTo(20_000_000);
        }

        @Test
        void shouldAnswerConfigAccessesInD3hotButNoMemory() {
            at(Hosted.FULL);
            hosted.config(pmcsr, 2, 3);

            assertThat(hosted.config(PciRegs.PCI_VENDOR_ID, 2)).isEqualTo(0x1234);
            assertThat(hosted.read(0, 0, 4)).isEqualTo(-Errno.EIO.number());
            assertThat(hosted.write(1, 0, 4)).isEqualTo(-Errno.EIO.number());
            assertThat(hosted.read(2, 0, 4)).isEqualTo(-Errno.EIO.number());
        }

        @Test
        void shouldLoseD3hotToASuspend() {
            at(Hosted.FULL);
            hosted.config(pmcsr, 2, 3);
            assertThat(hosted.enter()).isZero();
            hosted.settle();

            assertThat(state()).isZero();
            assertThat(hosted.config(PciRegs.PCI_COMMAND, 2))
                    .as("COMMAND survives")
                    .isEqualTo(PciRegs.PCI_COMMAND_MEMORY);
            assertThat(hosted.load(0, 0, 1)).isZero();
        }

        @Test
        void shouldNotBeThereWithoutTheCapability() {
            host(PciDescription.of(PciIdentity.of(1, 2, 3)));
            hosted.config(PciRegs.PCI_VENDOR_ID, 4, 3);
            assertThat(hosted.powerState()).isEqualTo(PciPowerState.D0);
        }
    }

    /** COMMAND.MEM (spec B4, B5). */
    @Nested
    class MemoryDecoding {
        private static final int EIO = -Errno.EIO.number();

        @Test
        void shouldMakeMemoryAccessesFailWhileOff() {
            hosted.config(PciRegs.PCI_COMMAND, 2, 0);

            for (int bar : new int[] {0, 1, 2, 3, 4}) {
                assertThat(hosted.read(bar, 0, 4)).isEqualTo(EIO);
                assertThat(hosted.write(bar, 0, 4)).isEqualTo(EIO);
            }
            assertThat(hosted.read(5, 0, 4)).as("no such BAR").isEqualTo(-Errno.EINVAL.number());
            assertThat(hosted.read(1, 256, 4)).as("bad offset").isEqualTo(-Errno.EINVAL.number());
            assertThat(hosted.config(PciRegs.PCI_VENDOR_ID, 2)).isEqualTo(0x1234);
            assertThat(hosted.model.calls()).isEmpty();
        }

        @Test
        void shouldComeBackWithTheContents() {
            hosted.store(1, 0, 8, 0x1122334455667788L);
            hosted.store(2, 0, 8, 0x99);
            hosted.config(PciRegs.PCI_COMMAND, 2, 0);
            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);

            assertThat(hosted.load(1, 0, 8)).isEqualTo(0x1122334455667788L);
            assertThat(hosted.load(2, 0, 8)).isEqualTo(0x99);
        }

        @Test
        void shouldBeOffBeforeTheFirstOpen() {
            try (Hosted closed = new Hosted(Hosted.FULL)) {
                assertThat(closed.read(1, 0, 4)).isEqualTo(EIO);
                assertThat(closed.config(PciRegs.PCI_COMMAND, 2)).isZero();
            }
        }
    }
}
