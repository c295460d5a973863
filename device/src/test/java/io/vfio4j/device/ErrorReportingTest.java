/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The extended capabilities, and what becomes of an error (PCI Express 6.2, 7.8.4). */
class ErrorReportingTest {
    private static final PciDescription AER =
            Hosted.FULL.withAer().withSerialNumber(0x0011_22ff_fe33_4455L);

    private Hosted hosted = Hosted.opened(AER);
    private int aer;
    private int express;

    @BeforeEach
    void find() {
        Capabilities capabilities = Capabilities.of(hosted);
        aer = capabilities.extended().getOrDefault(PciRegs.PCI_EXT_CAP_ID_ERR, 0);
        express = capabilities.standard().getOrDefault(PciRegs.PCI_CAP_ID_EXP, 0);
    }

    @AfterEach
    void close() {
        hosted.close();
    }

    private void host(PciDescription description) {
        hosted.close();
        hosted = Hosted.opened(description);
        find();
    }

    private boolean report(PciError error, int... header) {
        return hosted.model.reportError(error, header);
    }

    private long aer(int register) {
        return hosted.config(aer + register, 4);
    }

    private void aer(int register, long value) {
        hosted.config(aer + register, 4, value);
    }

    private long deviceStatus() {
        return hosted.config(express + PciRegs.PCI_EXP_DEVSTA, 2);
    }

    private long status() {
        return hosted.config(PciRegs.PCI_STATUS, 2) & ~PciRegs.PCI_STATUS_CAP_LIST;
    }

    @Nested
    class Chain {
        @Test
        void shouldHoldWhatIsDeclaredFrom0x100On() {
            Capabilities capabilities = Capabilities.of(hosted);
            assertThat(capabilities.extended().keySet())
                    .containsExactly(PciRegs.PCI_EXT_CAP_ID_ERR, PciRegs.PCI_EXT_CAP_ID_DSN);
            assertThat(capabilities.extendedAt(PciRegs.PCI_EXT_CAP_ID_ERR)).isEqualTo(0x100);
            assertThat(hosted.config(0x100, 4) >> 16 & 0xf).as("version").isEqualTo(2);
        }

        @Test
        void shouldBeginWithWhateverThereIs() {
            host(Hosted.FULL.withSerialNumber(1));
            int at = Capabilities.of(hosted).extendedAt(PciRegs.PCI_EXT_CAP_ID_DSN);
            assertThat(at).isEqualTo(0x100);
            assertThat(hosted.config(at, 4)).as("id 3, version 1, the last").isEqualTo(0x10003);
        }

        @Test
        void shouldBeEmptyIfNothingIsDeclared() {
            host(Hosted.FULL);
            assertThat(hosted.config(0x100, 4)).isZero();
            assertThat(Capabilities.of(hosted).extended()).isEmpty();
        }

        @Test
        void shouldGiveTheSerialNumberLowDwordFirst() {
            int at = Capabilities.of(hosted).extendedAt(PciRegs.PCI_EXT_CAP_ID_DSN);
            hosted.config(at + 4, 8, 0);
            assertThat(hosted.config(at + 4, 4)).isEqualTo(0xfe33_4455L);
            assertThat(hosted.config(at + 8, 4)).isEqualTo(0x0011_22ffL);
        }

        @Test
        void shouldNotBeDeclaredWithoutPciExpress() {
            PciDescription conventional = Hosted.FULL.withoutExpress();
            assertThatIllegalArgumentException().isThrownBy(conventional::withAer);
            assertThatIllegalArgumentException().isThrownBy(conventional::withFlr);
            assertThatIllegalArgumentException().isThrownBy(conventional::withoutFlr);
            assertThatIllegalArgumentException().isThrownBy(() -> conventional.withSerialNumber(1));
        }
    }

    @Nested
    class Registers {
        @Test
        void shouldHaveTheSpecificationsDefaults() {
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isZero();
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_MASK)).isEqualTo(PciRegs.PCI_ERR_UNC_INTN);
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_SEVER))
                    .isEqualTo(
                            PciRegs.PCI_ERR_UNC_DLP
                                    | PciRegs.PCI_ERR_UNC_FCP
                                    | PciRegs.PCI_ERR_UNC_RX_OVER
                                    | PciRegs.PCI_ERR_UNC_MALF_TLP
                                    | PciRegs.PCI_ERR_UNC_INTN);
            assertThat(aer(PciRegs.PCI_ERR_COR_STATUS)).isZero();
            assertThat(aer(PciRegs.PCI_ERR_COR_MASK))
                    .isEqualTo(PciRegs.PCI_ERR_COR_ADV_NFAT | PciRegs.PCI_ERR_COR_INTERNAL);
            assertThat(aer(PciRegs.PCI_ERR_CAP)).as("no end-to-end checksums").isZero();
        }

        @Test
        void shouldHaveMasksAndSeveritiesOfTheErrorsThereAre() {
            long uncorrectable = 0;
            long correctable = 0;
            for (PciError error : PciError.values()) {
                if (error.correctable()) {
                    correctable |= error.bit();
                } else {
                    uncorrectable |= error.bit();
                }
            }
            for (int register = 4; register < 0x2c; register += 4) {
                aer(register, 0xffff_ffffL);
            }
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isZero();
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_MASK)).isEqualTo(uncorrectable);
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_SEVER)).isEqualTo(uncorrectable);
            assertThat(aer(PciRegs.PCI_ERR_COR_STATUS)).isZero();
            assertThat(aer(PciRegs.PCI_ERR_COR_MASK)).isEqualTo(correctable);
            assertThat(aer(PciRegs.PCI_ERR_CAP)).isZero();
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG)).isZero();
        }

        @Test
        void shouldBeClearedByOnesOnly() {
            report(PciError.COMPLETION_TIMEOUT);
            report(PciError.COMPLETER_ABORT);
            report(PciError.BAD_TLP);
            aer(PciRegs.PCI_ERR_UNCOR_STATUS, 0);
            aer(PciRegs.PCI_ERR_COR_STATUS, 0);
            assertThat(aer(PciRegs.PCI_ERR_COR_STATUS)).isEqualTo(PciError.BAD_TLP.bit());

            aer(PciRegs.PCI_ERR_UNCOR_STATUS, PciError.COMPLETION_TIMEOUT.bit());
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isEqualTo(PciError.COMPLETER_ABORT.bit());

            hosted.config(express + PciRegs.PCI_EXP_DEVSTA, 2, PciRegs.PCI_EXP_DEVSTA_NFED);
            assertThat(deviceStatus()).isEqualTo(PciRegs.PCI_EXP_DEVSTA_CED);
            hosted.config(PciRegs.PCI_STATUS, 2, 0xffff);
            assertThat(status()).isZero();
        }

        /** Of a status register a byte write clears its own byte only. */
        @Test
        void shouldBeClearedByTheByte() {
            report(PciError.COMPLETER_ABORT);
            report(PciError.UNSUPPORTED_REQUEST);
            hosted.config(aer + PciRegs.PCI_ERR_UNCOR_STATUS + 1, 1, 0xff);
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS))
                    .isEqualTo(PciError.UNSUPPORTED_REQUEST.bit());
        }

        @Test
        void shouldOutliveEveryResetThatLeavesPower() {
            aer(PciRegs.PCI_ERR_UNCOR_MASK, PciError.POISONED_TLP.bit());
            report(PciError.COMPLETION_TIMEOUT, 1, 2, 3, 4);
            long pointer = aer(PciRegs.PCI_ERR_CAP);
            try (DeviceAccess access = hosted.device.access()) {
                assertThat(access.reset()).isZero();
            }
            assertThat(deviceStatus()).as("not sticky").isZero();
            int control = express + PciRegs.PCI_EXP_DEVCTL;
            hosted.config(control, 2, PciRegs.PCI_EXP_DEVCTL_BCR_FLR);

            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS))
                    .isEqualTo(PciError.COMPLETION_TIMEOUT.bit());
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_MASK)).isEqualTo(PciError.POISONED_TLP.bit());
            assertThat(aer(PciRegs.PCI_ERR_CAP)).isEqualTo(pointer);
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG + 12)).isEqualTo(4);
        }

        @Test
        void shouldLoseStatusToD3coldUnlessAuxiliaryPowerKeepsIt() {
            PowerManagement cold = PowerManagement.downToD3cold().withDelays(Delays.ZERO);
            for (boolean auxiliary : new boolean[] {false, true}) {
                host(AER.withPower(auxiliary ? cold.withPme(PciPowerState.D3COLD) : cold));
                aer(PciRegs.PCI_ERR_UNCOR_MASK, PciError.POISONED_TLP.bit());
                report(PciError.COMPLETION_TIMEOUT);
                assertThat(hosted.enter()).isZero();
                hosted.settle();
                assertThat(hosted.powerState()).isEqualTo(PciPowerState.D3COLD);
                assertThat(hosted.exit()).isZero();

                assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS) != 0).isEqualTo(auxiliary);
                assertThat(aer(PciRegs.PCI_ERR_UNCOR_MASK))
                        .as("restored by whoever suspended it")
                        .isEqualTo(PciError.POISONED_TLP.bit());
                assertThat(deviceStatus() & PciRegs.PCI_EXP_DEVSTA_AUXPD)
                        .isEqualTo(auxiliary ? PciRegs.PCI_EXP_DEVSTA_AUXPD : 0);
            }
        }
    }

    /** Figure 6-2. */
    @Nested
    class Flow {
        @Test
        void shouldLogACorrectableErrorAndTellNobody() {
            assertThat(report(PciError.BAD_DLLP)).isFalse();
            assertThat(deviceStatus()).isEqualTo(PciRegs.PCI_EXP_DEVSTA_CED);
            assertThat(aer(PciRegs.PCI_ERR_COR_STATUS)).isEqualTo(PciError.BAD_DLLP.bit());
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isZero();
        }

        @Test
        void shouldTellBySeverityWhetherItIsFatal() {
            report(PciError.COMPLETION_TIMEOUT);
            assertThat(deviceStatus()).isEqualTo(PciRegs.PCI_EXP_DEVSTA_NFED);
            report(PciError.MALFORMED_TLP);
            assertThat(deviceStatus())
                    .isEqualTo(PciRegs.PCI_EXP_DEVSTA_NFED | PciRegs.PCI_EXP_DEVSTA_FED);

            host(AER);
            aer(PciRegs.PCI_ERR_UNCOR_SEVER, PciError.COMPLETION_TIMEOUT.bit());
            report(PciError.COMPLETION_TIMEOUT);
            assertThat(deviceStatus()).isEqualTo(PciRegs.PCI_EXP_DEVSTA_FED);
        }

        @Test
        void shouldPointAtTheFirstErrorUntilItIsCleared() {
            report(PciError.COMPLETER_ABORT, 0x11, 0x22, 0x33);
            report(PciError.POISONED_TLP, 0x44);
            assertThat(aer(PciRegs.PCI_ERR_CAP)).isEqualTo(15);
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG)).isEqualTo(0x11);
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG + 8)).isEqualTo(0x33);
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG + 12)).isZero();

            aer(PciRegs.PCI_ERR_UNCOR_STATUS, PciError.COMPLETER_ABORT.bit());
            report(PciError.POISONED_TLP, 0x55);
            assertThat(aer(PciRegs.PCI_ERR_CAP)).isEqualTo(12);
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG)).isEqualTo(0x55);
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG + 8)).isZero();
        }

        /** Masked is not reported and not logged, but its status is there. */
        @Test
        void shouldOnlySetTheStatusOfAMaskedError() {
            assertThat(report(PciError.UNCORRECTABLE_INTERNAL, 7)).isFalse();
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isEqualTo(PciRegs.PCI_ERR_UNC_INTN);
            assertThat(aer(PciRegs.PCI_ERR_CAP)).isZero();
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG)).isZero();
            assertThat(deviceStatus()).as("masks do not count").isEqualTo(4);
        }

        @Test
        void shouldShowInStatusWhatConventionalPciKnows() {
            report(PciError.POISONED_TLP);
            assertThat(status()).isEqualTo(PciRegs.PCI_STATUS_DETECTED_PARITY);
            report(PciError.COMPLETER_ABORT);
            assertThat(status())
                    .isEqualTo(
                            PciRegs.PCI_STATUS_DETECTED_PARITY
                                    | PciRegs.PCI_STATUS_SIG_TARGET_ABORT);
            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_SERR);
            report(PciError.COMPLETION_TIMEOUT);
            assertThat(status() & PciRegs.PCI_STATUS_SIG_SYSTEM_ERROR).isNotZero();
        }

        @Test
        void shouldLogAnAdvisoryErrorAsCorrectable() {
            aer(PciRegs.PCI_ERR_COR_MASK, 0);
            boolean told = hosted.model.reportAdvisory(PciError.UNSUPPORTED_REQUEST, 9);

            assertThat(told).isFalse();
            assertThat(deviceStatus())
                    .isEqualTo(PciRegs.PCI_EXP_DEVSTA_CED | PciRegs.PCI_EXP_DEVSTA_URD);
            assertThat(aer(PciRegs.PCI_ERR_COR_STATUS)).isEqualTo(PciRegs.PCI_ERR_COR_ADV_NFAT);
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isEqualTo(PciRegs.PCI_ERR_UNC_UNSUP);
            assertThat(aer(PciRegs.PCI_ERR_HEADER_LOG)).isEqualTo(9);
        }

        @Test
        void shouldLogNoMoreOfAnAdvisoryErrorThatIsMasked() {
            hosted.model.reportAdvisory(PciError.UNSUPPORTED_REQUEST);
            assertThat(aer(PciRegs.PCI_ERR_COR_STATUS)).isEqualTo(PciRegs.PCI_ERR_COR_ADV_NFAT);
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isZero();
        }

        @Test
        void shouldNotTakeAFatalErrorForAnAdvisoryOne() {
            aer(PciRegs.PCI_ERR_UNCOR_SEVER, PciRegs.PCI_ERR_UNC_UNSUP);
            assertThat(hosted.model.reportAdvisory(PciError.UNSUPPORTED_REQUEST)).isTrue();
            assertThat(deviceStatus())
                    .isEqualTo(PciRegs.PCI_EXP_DEVSTA_FED | PciRegs.PCI_EXP_DEVSTA_URD);
        }

        @Test
        void shouldDoWithoutTheCapability() {
            host(Hosted.FULL);
            assertThat(report(PciError.UNCORRECTABLE_INTERNAL)).isTrue();
            assertThat(deviceStatus()).isEqualTo(PciRegs.PCI_EXP_DEVSTA_FED);
            host(Hosted.FULL.withoutExpress());
            report(PciError.POISONED_TLP);
            assertThat(status()).isEqualTo(PciRegs.PCI_STATUS_DETECTED_PARITY);
        }

        @Test
        void shouldAskWhichErrorIsAdvisory() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> report(PciError.ADVISORY_NON_FATAL));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> hosted.model.reportAdvisory(PciError.BAD_TLP));
        }
    }

    /** VFIO_PCI_ERR_IRQ_INDEX. */
    @Nested
    class Client {
        private final EventFd told = EventFd.create();

        @BeforeEach
        void listen() {
            hosted.trigger(VfioPci.VFIO_PCI_ERR_IRQ_INDEX, told);
        }

        @AfterEach
        void closeEventFd() {
            told.close();
        }

        @Test
        void shouldBeToldOfAnUncorrectableErrorWhateverItsSeverity() {
            assertThat(report(PciError.COMPLETION_TIMEOUT)).isTrue();
            assertThat(told.drain()).isEqualTo(1);
            assertThat(report(PciError.MALFORMED_TLP)).isTrue();
            assertThat(told.drain()).isEqualTo(1);
        }

        @Test
        void shouldNotBeToldOfWhatIsMaskedOrCorrectable() {
            report(PciError.UNCORRECTABLE_INTERNAL);
            report(PciError.RECEIVER);
            hosted.model.reportAdvisory(PciError.UNSUPPORTED_REQUEST);
            assertThat(told.drain()).isZero();
        }

        /** Nothing but PME leaves a function that is not in D0. */
        @Test
        void shouldNotBeToldInD3hotThoughItIsLogged() {
            hosted.config(0x44, 2, 3);
            assertThat(report(PciError.COMPLETION_TIMEOUT)).isFalse();
            assertThat(told.drain()).isZero();
            assertThat(aer(PciRegs.PCI_ERR_UNCOR_STATUS)).isNotZero();
        }
    }
}
