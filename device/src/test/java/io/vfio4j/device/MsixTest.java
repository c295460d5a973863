/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.power.Delays;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.stream.IntStream;

/** MSI-X: the table and the pending bit array (PCI Express 6.1.4, 7.7.2), and SET_IRQS. */
class MsixTest {
    private static final int MSIX = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;
    private static final int TRIGGER = Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int NONE = Vfio.VFIO_IRQ_SET_DATA_NONE;
    private static final int EVENTFD = Vfio.VFIO_IRQ_SET_DATA_EVENTFD;
    private static final int BAR = 3;
    private static final int VECTORS = 4;
    private static final int ENTRY = PciRegs.PCI_MSIX_ENTRY_SIZE;
    private static final int ADDRESS = PciRegs.PCI_MSIX_ENTRY_LOWER_ADDR;
    private static final int ADDRESS_HIGH = PciRegs.PCI_MSIX_ENTRY_UPPER_ADDR;
    private static final int DATA = PciRegs.PCI_MSIX_ENTRY_DATA;
    private static final int CONTROL = PciRegs.PCI_MSIX_ENTRY_VECTOR_CTRL;
    private static final int PENDING = (int) Hosted.FULL.msixPendingOffset();

    private final Hosted hosted = Hosted.opened(Hosted.FULL);
    private final List<EventFd> eventFds =
            IntStream.range(0, VECTORS).mapToObj(_ -> EventFd.create()).toList();
    private final int control = capability(PciRegs.PCI_CAP_ID_MSIX) + PciRegs.PCI_MSIX_FLAGS;

    @AfterEach
    void close() {
        hosted.close();
        eventFds.forEach(EventFd::close);
    }

    private int capability(int id) {
        int at = (int) hosted.config(PciRegs.PCI_CAPABILITY_LIST, 1);
        while (hosted.config(at, 1) != id) {
            at = (int) hosted.config(at + 1, 1);
            assertThat(at).isNotZero();
        }
        return at;
    }

    private void enable(int vector) {
        int flags = EVENTFD | TRIGGER;
        assertThat(hosted.irqs(flags, MSIX, vector, 1, eventFds.get(vector).fd().duplicate()))
                .isZero();
    }

    private void takeAway(int vector) {
        assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, vector, 1)).isZero();
    }

    private boolean send(int vector) {
        return hosted.model.interrupts().message(vector);
    }

    private long signals(int vector) {
        return eventFds.get(vector).drain();
    }

    private long pending() {
        return hosted.load(BAR, PENDING, 8);
    }

    private boolean masked(int vector) {
        return hosted.load(BAR, (long) vector * ENTRY + CONTROL, 4) == 1;
    }

    private void mask(int vector, boolean masked) {
        hosted.store(BAR, (long) vector * ENTRY + CONTROL, 4, masked ? 1 : 0);
    }

    @Nested
    class Table {
        @Test
        void shouldBeMaskedAndZeroAfterPowerOn() {
            for (int vector = 0; vector < VECTORS; vector++) {
                assertThat(hosted.load(BAR, (long) vector * ENTRY, 8)).isZero();
                assertThat(hosted.load(BAR, (long) vector * ENTRY + DATA, 4)).isZero();
                assertThat(hosted.load(BAR, (long) vector * ENTRY + CONTROL, 4)).isEqualTo(1);
            }
            assertThat(pending()).isZero();
        }

        @ParameterizedTest
        @CsvSource({
            "0x0, 0xfffffffc", // the low two bits of a dword's address
            "0x4, 0xffffffff",
            "0x8, 0xffffffff",
            "0xc, 0x00000001", // the mask bit, and reserved ones
        })
        void shouldKeepTheBitsThatCanBeWritten(String field, String writable) {
            int last = 3 * ENTRY + Integer.decode(field);
            hosted.store(BAR, last, 4, 0xffff_ffffL);
            assertThat(hosted.load(BAR, last, 4)).isEqualTo(Long.decode(writable));
            hosted.store(BAR, last, 4, 0);
            assertThat(hosted.load(BAR, last, 4)).isZero();
            assertThat(hosted.load(BAR, 2 * ENTRY + ADDRESS, 8)).as("its neighbour").isZero();
        }

        @Test
        void shouldTakeQuadwords() {
            hosted.store(BAR, ENTRY + ADDRESS, 8, 0x1122_3344_fee0_0003L);
            assertThat(hosted.load(BAR, ENTRY + ADDRESS, 8)).isEqualTo(0x1122_3344_fee0_0000L);
            assertThat(hosted.load(BAR, ENTRY + ADDRESS, 4)).isEqualTo(0xfee0_0000L);
            assertThat(hosted.load(BAR, ENTRY + ADDRESS_HIGH, 4)).isEqualTo(0x1122_3344L);
            hosted.store(BAR, ENTRY + DATA, 8, 0xffff_fffe_0000_4041L);
            assertThat(hosted.load(BAR, ENTRY + DATA, 8)).as("unmasked").isEqualTo(0x4041);
        }

        /** The specification leaves these open. */
        @Test
        void shouldReachTheBytesThatAnAccessNames() {
            hosted.store(BAR, ENTRY + DATA, 4, 0x1122_3344);
            hosted.store(BAR, ENTRY + DATA + 1, 2, 0xaabb);
            assertThat(hosted.load(BAR, ENTRY + DATA, 4)).isEqualTo(0x11aa_bb44);
            assertThat(hosted.load(BAR, ENTRY + DATA + 3, 1)).isEqualTo(0x11);
            hosted.store(BAR, ENTRY + CONTROL + 1, 1, 0);
            assertThat(masked(1)).as("not the byte of the mask").isTrue();
            hosted.store(BAR, ENTRY + CONTROL, 1, 0);
            assertThat(masked(1)).isFalse();
            hosted.store(BAR, ENTRY + DATA + 2, 4, 0x0001_7788);
            assertThat(hosted.load(BAR, ENTRY + DATA, 8)).isEqualTo(0x1_7788_bb44L);
        }

        @Test
        void shouldReadZeroWhereNothingIs() {
            for (int at : new int[] {VECTORS * ENTRY, PENDING - 8, PENDING + 8, 2 * PENDING - 8}) {
                hosted.store(BAR, at, 8, -1);
                assertThat(hosted.load(BAR, at, 8)).isZero();
            }
            assertThat(hosted.read(BAR, 2L * PENDING - 2, 4)).as("short at the end").isEqualTo(2);
            assertThat(hosted.write(BAR, 2L * PENDING, 4)).isEqualTo(Region.EINVAL);
        }

        @Test
        void shouldComeAsOneLongRead() {
            hosted.store(BAR, ENTRY + ADDRESS, 8, 0x1_fee0_0000L);
            assertThat(hosted.read(BAR, 4, 64)).isEqualTo(64);
            assertThat(hosted.buffer.getInt(8)).as("mask of 0").isEqualTo(1);
            assertThat(hosted.buffer.getLong(12)).isEqualTo(0x1_fee0_0000L);
        }
    }

    @Nested
    class Masking {
        @Test
        void shouldKeepAMessageUntilItsVectorIsUnmasked() {
            enable(1);
            mask(1, true);

            assertThat(send(1)).isTrue();
            assertThat(send(1)).isTrue();

            assertThat(signals(1)).isZero();
            assertThat(pending()).isEqualTo(0b0010);
            mask(1, true);
            assertThat(signals(1)).isZero();
            mask(1, false);
            assertThat(signals(1)).as("once, however often it was sent").isEqualTo(1);
            assertThat(pending()).isZero();
            assertThat(send(1)).isTrue();
            assertThat(signals(1)).isEqualTo(1);
        }

        @Test
        void shouldLeaveOtherVectorsAlone() {
            enable(1);
            enable(2);
            mask(1, true);
            send(1);
            send(2);
            assertThat(signals(1)).isZero();
            assertThat(signals(2)).isEqualTo(1);
        }

        @Test
        void shouldUnmaskByAQuadwordAsWell() {
            enable(0);
            mask(0, true);
            send(0);
            hosted.store(BAR, DATA, 8, 0x4041);
            assertThat(signals(0)).isEqualTo(1);
        }

        @Test
        void shouldKeepMessagesWhileTheFunctionIsMasked() {
            int enabled = PciRegs.PCI_MSIX_FLAGS_ENABLE;
            enable(0);
            enable(3);
            hosted.config(control, 2, enabled | PciRegs.PCI_MSIX_FLAGS_MASKALL);
            assertThat(send(0)).isTrue();
            assertThat(send(3)).isTrue();
            assertThat(pending()).isEqualTo(0b1001);
            assertThat(masked(0)).as("its own bit is another").isFalse();
            mask(3, true);

            hosted.config(control, 2, enabled);

            assertThat(signals(0)).isEqualTo(1);
            assertThat(signals(3)).isZero();
            assertThat(pending()).isEqualTo(0b1000);
        }

        /** Byte writes of Message Control reach the function mask, too. */
        @Test
        void shouldBeMaskedByTheHighByteOfMessageControl() {
            enable(0);
            hosted.config(control + 1, 1, PciRegs.PCI_MSIX_FLAGS_MASKALL >> 8);
            send(0);
            assertThat(signals(0)).isZero();
            hosted.config(control, 1, 0);
            assertThat(signals(0)).isZero();
            hosted.config(control - 2, 4, 0);
            assertThat(signals(0)).isEqualTo(1);
        }

        @Test
        void shouldIgnoreWritesOfPendingBits() {
            enable(0);
            mask(0, true);
            send(0);
            hosted.store(BAR, PENDING, 8, 0b1110);
            assertThat(pending()).isEqualTo(0b0001);
        }

        @Test
        void shouldForgetWhatTheDeviceWithdraws() {
            enable(0);
            mask(0, true);
            send(0);
            hosted.model.interrupts().withdraw(0);
            hosted.model.interrupts().withdraw(-1);
            hosted.model.interrupts().withdraw(9999);
            assertThat(pending()).isZero();
            mask(0, false);
            assertThat(signals(0)).isZero();
        }

        /** 2048 vectors: the last entry and the last pending bit. */
        @Test
        void shouldReachTheLastVectorThatThereCanBe() {
            PciDescription large = PciDescription.of(PciIdentity.of(1, 2, 3)).withMsix(2048, 0);
            try (Hosted many = Hosted.opened(large)) {
                many.trigger(MSIX, eventFds.getFirst());
                many.model.interrupts().message(2047);
                assertThat(many.load(0, large.msixPendingOffset() + 252, 4)).isEqualTo(1L << 31);
                assertThat(many.load(0, large.msixPendingOffset() + 248, 4)).isZero();
                assertThat(many.load(0, 2047 * ENTRY + CONTROL, 4)).isEqualTo(1);
            }
        }
    }

    /** As request_irq and free_irq do in the kernel; most clients never write the table. */
    @Nested
    class SetIrqs {
        @Test
        void shouldUnmaskTheEntryOfAVectorThatGetsAnEventfd() {
            enable(2);
            assertThat(masked(2)).isFalse();
            assertThat(masked(1)).isTrue();
            takeAway(2);
            assertThat(masked(2)).isTrue();
        }

        @Test
        void shouldUnmaskAlsoIfItHadOne() {
            enable(0);
            mask(0, true);
            send(0);
            enable(0);
            assertThat(masked(0)).isFalse();
            assertThat(signals(0)).isEqualTo(1);
        }

        /** The vector is one of a driver that does not use it now, or not yet. */
        @Test
        void shouldKeepAMessageForAVectorThatGetsItsEventfdLater() {
            enable(0);
            assertThat(send(3)).isTrue();
            assertThat(pending()).isEqualTo(0b1000);
            enable(3);
            assertThat(signals(3)).isEqualTo(1);
            takeAway(3);
            assertThat(send(3)).isTrue();
            enable(3);
            assertThat(signals(3)).isEqualTo(1);
        }

        /** What QEMU does to enable more vectors of a kernel that cannot add any. */
        @Test
        void shouldKeepAMessageThatComesWhileTheDriversVectorsAreSetUpAnew() {
            hosted.config(control, 2, PciRegs.PCI_MSIX_FLAGS_ENABLE);
            enable(0);
            assertThat(hosted.irqs(NONE | TRIGGER, MSIX, 0, 0)).isZero();
            assertThat(send(0)).isTrue();
            assertThat(pending()).isEqualTo(1);
            enable(0);
            assertThat(signals(0)).isEqualTo(1);
        }

        @Test
        void shouldNotBeThereWhileNobodyUsesIt() {
            assertThat(send(0)).isFalse();
            enable(0);
            mask(0, true);
            send(0);
            assertThat(hosted.irqs(NONE | TRIGGER, MSIX, 0, 0)).isZero();
            assertThat(pending()).as("not for the next driver").isZero();
            assertThat(send(0)).isFalse();
        }

        @Test
        void shouldNotGoToMsiOrTheLineInstead() {
            try (EventFd other = EventFd.create()) {
                hosted.trigger(VfioPci.VFIO_PCI_MSI_IRQ_INDEX, other);
                hosted.trigger(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, other);
                hosted.config(control, 2, PciRegs.PCI_MSIX_FLAGS_ENABLE);
                assertThat(send(0)).isTrue();
                hosted.model.interrupts().trigger(0);
                assertThat(other.drain()).isZero();
                assertThat(pending()).isEqualTo(1);
            }
        }

        @Test
        void shouldTestByLoopbackWhateverIsMasked() {
            enable(0);
            mask(0, true);
            assertThat(hosted.irqs(NONE | TRIGGER, MSIX, 0, 1)).isZero();
            assertThat(signals(0)).isEqualTo(1);
            assertThat(pending()).isZero();
        }

        @Test
        void shouldLeaveNothingToTheNextClient() {
            hosted.config(
                    control, 2, PciRegs.PCI_MSIX_FLAGS_ENABLE | PciRegs.PCI_MSIX_FLAGS_MASKALL);
            enable(0);
            send(0);
            hosted.store(BAR, ADDRESS, 8, 0xfee0_0000L);

            hosted.device.lastClose();
            assertThat(send(0)).isFalse();
            hosted.open();

            assertThat(hosted.config(control, 2)).isEqualTo(VECTORS - 1);
            assertThat(masked(0)).isTrue();
            assertThat(pending()).isZero();
            assertThat(hosted.load(BAR, ADDRESS, 8)).as("memory stays").isEqualTo(0xfee0_0000L);
            enable(0);
            assertThat(send(0)).isTrue();
            assertThat(signals(0)).isEqualTo(1);
        }
    }

    @Nested
    class Reset {
        private void reset() {
            try (DeviceAccess access = hosted.device.access()) {
                assertThat(access.reset()).isZero();
            }
        }

        private void functionLevelReset() {
            int express = capability(PciRegs.PCI_CAP_ID_EXP);
            hosted.config(express + PciRegs.PCI_EXP_DEVCTL, 2, PciRegs.PCI_EXP_DEVCTL_BCR_FLR);
            hosted.config(PciRegs.PCI_COMMAND, 2, PciRegs.PCI_COMMAND_MEMORY);
        }

        private List<Boolean> masks() {
            return IntStream.range(0, VECTORS).mapToObj(MsixTest.this::masked).toList();
        }

        /** What software had written is restored (spec B7). */
        @Test
        void shouldKeepTheTableButDropWhatIsPending() {
            enable(0);
            enable(1);
            mask(0, true);
            mask(3, false);
            send(0);
            hosted.store(BAR, ADDRESS, 8, 0xfee0_0000L);
            hosted.store(BAR, DATA, 4, 42);

            reset();

            assertThat(pending()).isZero();
            assertThat(hosted.load(BAR, ADDRESS, 8)).isEqualTo(0xfee0_0000L);
            assertThat(hosted.load(BAR, DATA, 4)).isEqualTo(42);
            assertThat(masks()).containsExactly(true, false, true, false);
            assertThat(send(0)).isTrue();
            assertThat(signals(0)).as("the driver has masked it").isZero();
            mask(0, false);
            assertThat(signals(0)).isEqualTo(1);
        }

        /** By the register, as hardware: the driver restores it. */
        @Test
        void shouldBeAsAfterPowerOnByTheRegister() {
            enable(0);
            enable(1);
            mask(0, false);
            mask(3, false);
            hosted.store(BAR, ADDRESS, 8, 0xfee0_0000L);
            hosted.store(BAR, ENTRY + DATA, 4, 42);

            functionLevelReset();

            assertThat(hosted.load(BAR, ADDRESS, 8)).isZero();
            assertThat(hosted.load(BAR, ENTRY + DATA, 4)).isZero();
            assertThat(masks()).containsExactly(true, true, true, true);
            assertThat(send(0)).isTrue();
            assertThat(signals(0)).isZero();
            mask(0, false);
            assertThat(signals(0)).isEqualTo(1);
        }

        /** It would never take the mask back. */
        @Test
        void shouldGoOnForAClientThatKnowsOnlySetIrqs() {
            enable(0);
            enable(1);
            mask(1, true);
            functionLevelReset();
            assertThat(masks()).containsExactly(false, true, true, true);
            assertThat(send(0)).isTrue();
            assertThat(signals(0)).isEqualTo(1);
        }

        @Test
        void shouldNotTakeTheNextClientForTheOneThatWroteTheTable() {
            mask(0, true);
            hosted.device.lastClose();
            hosted.open();
            enable(0);
            functionLevelReset();
            assertThat(masked(0)).isFalse();
        }

        /** The masks go with the registers; what they held back goes before them. */
        @Test
        void shouldNotSendWhatTheMasksHeldBack() {
            try (EventFd line = EventFd.create()) {
                hosted.trigger(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, line);
                enable(0);
                hosted.config(control, 2, 0xc000);
                hosted.config(
                        PciRegs.PCI_COMMAND,
                        2,
                        PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_INTX_DISABLE);
                hosted.model.interrupts().intx(true);
                send(0);

                int express = capability(PciRegs.PCI_CAP_ID_EXP);
                int control = express + PciRegs.PCI_EXP_DEVCTL;
                hosted.config(control, 2, PciRegs.PCI_EXP_DEVCTL_BCR_FLR);

                assertThat(hosted.model.calls()).contains("reset FUNCTION");
                assertThat(signals(0)).isZero();
                assertThat(line.drain()).isZero();
                assertThat(send(0)).as("its eventfd is still there").isTrue();
                assertThat(signals(0)).isEqualTo(1);
                hosted.model.interrupts().intx(true);
                assertThat(line.drain()).isEqualTo(1);
            }
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void shouldGoOnAfterAContextWasLost(boolean cold) {
            PciDescription soft =
                    Hosted.FULL.withPower(
                            PowerManagement.downToD3hot().withSoftReset().withDelays(Delays.ZERO));
            try (Hosted forgetful = Hosted.opened(cold ? Hosted.COLD : soft)) {
                forgetful.trigger(MSIX, eventFds.getFirst());
                assertThat(forgetful.enter()).isZero();
                forgetful.settle();
                assertThat(forgetful.exit()).isZero();
                assertThat(forgetful.model.interrupts().message(0)).isTrue();
                assertThat(signals(0)).isEqualTo(1);
            }
        }

        /** Who restores the table restores the masks (spec B7). */
        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void shouldStayMaskedOverALostContextThatIsRestored(boolean cold) {
            PciDescription soft =
                    Hosted.FULL.withPower(
                            PowerManagement.downToD3hot().withSoftReset().withDelays(Delays.ZERO));
            try (Hosted forgetful = Hosted.opened(cold ? Hosted.COLD : soft)) {
                forgetful.trigger(MSIX, eventFds.getFirst());
                forgetful.store(BAR, CONTROL, 4, 1);
                assertThat(forgetful.enter()).isZero();
                forgetful.settle();
                assertThat(forgetful.exit()).isZero();
                assertThat(forgetful.model.interrupts().message(0)).isTrue();
                assertThat(signals(0)).isZero();
                forgetful.store(BAR, CONTROL, 4, 0);
                assertThat(signals(0)).isEqualTo(1);
            }
        }
    }
}
