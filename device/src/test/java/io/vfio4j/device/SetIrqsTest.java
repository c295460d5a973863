/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.power.Delays;
import io.vfio4j.power.PciPowerState;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioUser;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** SET_IRQS: what is refused, and what it does (spec G). */
class SetIrqsTest {
    private static final int NONE = Vfio.VFIO_IRQ_SET_DATA_NONE;
    private static final int BOOL = Vfio.VFIO_IRQ_SET_DATA_BOOL;
    private static final int EVENTFD = Vfio.VFIO_IRQ_SET_DATA_EVENTFD;
    private static final int MASK = Vfio.VFIO_IRQ_SET_ACTION_MASK;
    private static final int UNMASK = Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
    private static final int TRIGGER = Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;

    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
    private static final int MSI = VfioPci.VFIO_PCI_MSI_IRQ_INDEX;
    private static final int MSIX = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;
    private static final int ERR = VfioPci.VFIO_PCI_ERR_IRQ_INDEX;
    private static final int REQ = VfioPci.VFIO_PCI_REQ_IRQ_INDEX;

    private static final int PME = VfioUser.VFIO_USER_PCI_PME_IRQ_INDEX;

    private static final int OK = 0;
    private static final int EINVAL = -Errno.EINVAL.number();
    private static final int ENOTTY = -Errno.ENOTTY.number();

    private final Hosted hosted = Hosted.opened(Hosted.FULL);
    private final List<EventFd> eventFds =
            IntStream.range(0, 4).mapToObj(i -> EventFd.create()).toList();
    private final int openBefore = Fd.openCount();

    @AfterEach
    void close() {
        hosted.device.lastClose();
        assertThat(Fd.openCount())
                .as("descriptors after the client has gone")
                .isEqualTo(openBefore);
        hosted.close();
        eventFds.forEach(EventFd::close);
    }

    private Fd fd(int i) {
        return eventFds.get(i).fd().duplicate();
    }

    private Fd[] fds(int count) {
        return IntStream.range(0, count).mapToObj(this::fd).toArray(Fd[]::new);
    }

    /** How often each eventfd was signalled since this was last asked. */
    private List<Long> signals() {
        return eventFds.stream().map(EventFd::drain).toList();
    }

    @Nested
    class Checks {
        static Stream<Arguments> bad() {
            return Stream.of(
                    argumentSet("argsz too small", new VfioIrqSet(19, NONE | TRIGGER, INTX, 0, 0)),
                    argumentSet("argsz 0", new VfioIrqSet(0, NONE | TRIGGER, INTX, 0, 0)),
                    argumentSet(
                            "argsz beyond the request",
                            new VfioIrqSet(21, NONE | TRIGGER, INTX, 0, 0)),
                    argumentSet("argsz 4 GiB", new VfioIrqSet(-1, NONE | TRIGGER, INTX, 0, 0)),
                    argumentSet("no such index", new VfioIrqSet(20, NONE | TRIGGER, 6, 0, 0)),
                    argumentSet("index -1", new VfioIrqSet(20, NONE | TRIGGER, -1, 0, 0)),
                    argumentSet(
                            "an unknown flag", new VfioIrqSet(20, NONE | TRIGGER | 64, INTX, 0, 0)),
                    argumentSet("no data kind", new VfioIrqSet(20, TRIGGER, INTX, 0, 1)),
                    argumentSet(
                            "two data kinds",
                            new VfioIrqSet(20, NONE | BOOL | TRIGGER, INTX, 0, 1)),
                    argumentSet(
                            "start past the end", new VfioIrqSet(20, NONE | TRIGGER, MSI, 2, 0)),
                    argumentSet(
                            "range past the end", new VfioIrqSet(20, NONE | TRIGGER, MSI, 1, 2)),
                    argumentSet("count 4 Gi", new VfioIrqSet(20, NONE | TRIGGER, MSI, 0, -1)),
                    argumentSet(
                            "start + count overflows",
                            new VfioIrqSet(20, NONE | TRIGGER, MSI, 1, 0xffff_fffe)),
                    argumentSet(
                            "start + count wraps", new VfioIrqSet(20, NONE | TRIGGER, MSI, -1, 2)),
                    argumentSet(
                            "booleans missing", new VfioIrqSet(20, BOOL | TRIGGER, INTX, 0, 1)));
        }

        @ParameterizedTest
        @MethodSource("bad")
        void shouldRefuseWithEinval(VfioIrqSet request) {
            assertThat(hosted.irqs(request, new byte[0])).isEqualTo(EINVAL);
        }

        @Test
        void shouldRefuseBooleansThatArgszDoesNotSpeakOf() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            byte[] one = {1};
            assertThat(hosted.irqs(new VfioIrqSet(20, BOOL | TRIGGER, INTX, 0, 1), one))
                    .isEqualTo(EINVAL);
            assertThat(hosted.irqs(new VfioIrqSet(21, BOOL | TRIGGER, INTX, 0, 1), one)).isZero();
        }

        @Test
        void shouldRefuseNoActionAndTwoActions() {
            assertThat(hosted.irqs(NONE, INTX, 0, 1)).isEqualTo(ENOTTY);
            assertThat(hosted.irqs(NONE | MASK | TRIGGER, INTX, 0, 1)).isEqualTo(ENOTTY);
            assertThat(hosted.irqs(NONE | MASK | UNMASK, MSIX, 0, 1)).isEqualTo(ENOTTY);
        }

        @ParameterizedTest
        @ValueSource(ints = {MSI, MSIX, ERR, REQ})
        void shouldRefuseToMaskAnythingButIntx(int index) {
            assertThat(hosted.irqs(NONE | MASK, index, 0, 1)).isEqualTo(ENOTTY);
            assertThat(hosted.irqs(NONE | UNMASK, index, 0, 1)).isEqualTo(ENOTTY);
        }

        @Test
        void shouldRefuseAnIndexThatTheFunctionLacks() {
            try (Hosted plain =
                    Hosted.opened(PciDescription.of(PciIdentity.of(1, 2, 3)).withoutExpress())) {
                for (int index : new int[] {INTX, MSI, MSIX, ERR, PME}) {
                    assertThat(plain.interruptCount(index)).isZero();
                    assertThat(plain.irqs(NONE | TRIGGER, index, 0, 0)).isEqualTo(EINVAL);
                    assertThat(plain.irqs(EVENTFD | TRIGGER, index, 0, 1, fd(0))).isEqualTo(EINVAL);
                }
                assertThat(plain.interruptCount(REQ)).isEqualTo(1);
            }
        }

        @Test
        void shouldCountWhatTheFunctionHas() {
            assertThat(IntStream.range(0, 6).map(hosted::interruptCount))
                    .as("PME is for who can signal it")
                    .containsExactly(1, 2, 4, 1, 1, 0);
        }

        @Test
        void shouldRefuseDescriptorsWhereNoneBelong() {
            assertThat(hosted.irqs(NONE | TRIGGER, MSIX, 0, 0, fd(0))).isEqualTo(EINVAL);
            assertThat(hosted.irqs(BOOL | TRIGGER, MSIX, 0, 1, new byte[1], fd(0)))
                    .isEqualTo(EINVAL);
        }

        @Test
        void shouldRefuseAnotherNumberOfDescriptorsThanVectors() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 3, fds(2))).isEqualTo(EINVAL);
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 1, fds(2))).isEqualTo(EINVAL);
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 0, fds(1))).isEqualTo(EINVAL);
        }

        @Test
        void shouldRefuseADescriptorThatIsNoEventfdAndChangeNothing() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 2, fds(2))).isZero();
            for (int place = 0; place < 2; place++) {
                try (MemFd file = MemFd.create("no eventfd", 4096)) {
                    Fd[] mixed = fds(2);
                    mixed[place].close();
                    mixed[place] = file.fd().duplicate();
                    assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 2, mixed)).isEqualTo(EINVAL);
                }
            }
            assertThat(hosted.model.interrupts().message(0)).isTrue();
            assertThat(hosted.model.interrupts().message(1)).isTrue();
            assertThat(signals()).containsExactly(1L, 1L, 0L, 0L);
        }

        @ParameterizedTest
        @ValueSource(ints = {INTX, MSI, MSIX, ERR, REQ})
        void shouldRefuseEveryKindOfDescriptorButEventfds(int index) {
            assertThat(
                            hosted.irqs(
                                    EVENTFD | TRIGGER,
                                    index,
                                    0,
                                    1,
                                    Fd.open(Path.of("/dev/null"), true)))
                    .isEqualTo(EINVAL);
        }
    }

    @Nested
    class Intx {
        @Test
        void shouldSignalWhatIsSetUp() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            hosted.model.interrupts().intx(true);
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
        }

        @Test
        void shouldRefuseEverythingElseBeforeItIsSetUp() {
            assertThat(hosted.irqs(NONE | MASK, INTX, 0, 1)).isEqualTo(EINVAL);
            assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isEqualTo(EINVAL);
            assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, fd(0))).isEqualTo(EINVAL);
            assertThat(hosted.irqs(NONE | TRIGGER, INTX, 0, 1)).isEqualTo(EINVAL);
            assertThat(hosted.irqs(BOOL | TRIGGER, INTX, 0, 1, new byte[] {1})).isEqualTo(EINVAL);
        }

        @Test
        void shouldMaskAndUnmask() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(NONE | MASK, INTX, 0, 1)).isZero();
            hosted.model.interrupts().intx(true);
            assertThat(signals()).containsExactly(0L, 0L, 0L, 0L);
            assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isZero();
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
        }

        @Test
        void shouldDoWhatTheBooleanSays() {
            byte[] no = {0};
            byte[] yes = {1};
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(BOOL | MASK, INTX, 0, 1, no)).isZero();
            hosted.model.interrupts().intx(true);
            assertThat(signals()).as("not masked").containsExactly(1L, 0L, 0L, 0L);
            assertThat(hosted.irqs(BOOL | UNMASK, INTX, 0, 1, no)).isZero();
            assertThat(signals()).as("not unmasked").containsExactly(0L, 0L, 0L, 0L);
            assertThat(hosted.irqs(BOOL | UNMASK, INTX, 0, 1, yes)).isZero();
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
            assertThat(hosted.irqs(BOOL | TRIGGER, INTX, 0, 1, no)).isZero();
            assertThat(hosted.irqs(BOOL | TRIGGER, INTX, 0, 1, yes)).isZero();
            assertThat(signals()).as("loopback").containsExactly(1L, 0L, 0L, 0L);
        }

        @Test
        void shouldRefuseMaskingByEventfd() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(EVENTFD | MASK, INTX, 0, 1, fd(1))).isEqualTo(ENOTTY);
        }

        @Test
        void shouldUnmaskByEventfd() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, fd(1))).isZero();
            hosted.model.interrupts().intx(true);
            assertThat(eventFds.get(0).drain()).isEqualTo(1);

            eventFds.get(1).signal();
            hosted.watcher.look();

            assertThat(eventFds.get(0).drain()).isEqualTo(1);
        }

        @Test
        void shouldReplaceTheUnmaskEventfd() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, fd(1))).isZero();
            assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, fd(2))).isZero();
            assertThat(hosted.watcher.watching()).isEqualTo(1);
            assertThat(Fd.openCount()).isEqualTo(openBefore + 2);
            assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1)).as("none: removed").isZero();
            assertThat(hosted.watcher.watching()).isZero();
            assertThat(Fd.openCount()).isEqualTo(openBefore + 1);
        }

        @Test
        void shouldRefuseAnUnmaskEventfdThatIsNone() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            assertThat(
                            hosted.irqs(
                                    EVENTFD | UNMASK,
                                    INTX,
                                    0,
                                    1,
                                    Fd.open(Path.of("/dev/zero"), true)))
                    .isEqualTo(EINVAL);
            assertThat(hosted.watcher.watching()).isZero();
        }

        @ParameterizedTest
        @ValueSource(ints = {NONE | TRIGGER, EVENTFD | TRIGGER})
        void shouldBeDisabled(int flags) {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, fd(1))).isZero();

            int count = flags == (NONE | TRIGGER) ? 0 : 1;
            assertThat(hosted.irqs(flags, INTX, 0, count)).isZero();

            assertThat(Fd.openCount()).isEqualTo(openBefore);
            assertThat(hosted.watcher.watching()).isZero();
            hosted.model.interrupts().intx(true);
            assertThat(signals()).containsExactly(0L, 0L, 0L, 0L);
            assertThat(hosted.irqs(NONE | MASK, INTX, 0, 1)).isEqualTo(EINVAL);
        }

        @Test
        void shouldTakeDisablingWhatIsNotEnabled() {
            for (int index : new int[] {INTX, MSI, MSIX, ERR, REQ}) {
                assertThat(hosted.irqs(NONE | TRIGGER, index, 0, 0)).isEqualTo(OK);
            }
        }
    }

    @Nested
    class Messages {
        @ParameterizedTest
        @ValueSource(ints = {MSI, MSIX})
        void shouldSignalEachVectorItsOwn(int index) {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, index, 0, 2, fds(2))).isZero();
            assertThat(hosted.model.interrupts().message(1)).isTrue();
            assertThat(signals()).containsExactly(0L, 1L, 0L, 0L);
            assertThat(hosted.model.interrupts().message(0)).isTrue();
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
            assertThat(hosted.model.interrupts().message(4)).as("no such vector").isFalse();
            assertThat(hosted.model.interrupts().message(-1)).isFalse();
            assertThat(hosted.model.interrupts().message(9999)).isFalse();
        }

        @Test
        void shouldAddAndReplaceVectors() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 2, 1, fd(2))).isZero();
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 1, fd(3))).isZero();
            assertThat(Fd.openCount()).isEqualTo(openBefore + 2);

            assertThat(hosted.model.interrupts().message(0)).isTrue();
            assertThat(hosted.model.interrupts().message(1)).as("pending").isTrue();
            assertThat(hosted.model.interrupts().message(2)).isTrue();
            assertThat(signals()).containsExactly(0L, 0L, 1L, 1L);
        }

        /** A rule that peers get wrong. */
        @Test
        void shouldDisableExactlyTheVectorsOfTheRange() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 4, fds(4))).isZero();
            assertThat(Fd.openCount()).isEqualTo(openBefore + 4);

            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 1, 2)).isZero();

            assertThat(Fd.openCount()).isEqualTo(openBefore + 2);
            for (int vector = 0; vector < 4; vector++) {
                hosted.model.interrupts().message(vector);
            }
            assertThat(signals()).containsExactly(1L, 0L, 0L, 1L);
        }

        @ParameterizedTest
        @ValueSource(ints = {MSI, MSIX})
        void shouldDisableTheWholeIndex(int index) {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, index, 0, 2, fds(2))).isZero();
            assertThat(hosted.irqs(NONE | TRIGGER, index, 0, 0)).isZero();
            assertThat(Fd.openCount()).isEqualTo(openBefore);
            assertThat(hosted.model.interrupts().message(0)).isFalse();
        }

        @ParameterizedTest
        @ValueSource(ints = {MSI, MSIX})
        void shouldTestByLoopback(int index) {
            assertThat(hosted.irqs(NONE | TRIGGER, index, 0, 1)).isEqualTo(EINVAL);
            assertThat(hosted.irqs(BOOL | TRIGGER, index, 0, 1, new byte[] {1})).isEqualTo(EINVAL);
            assertThat(hosted.irqs(EVENTFD | TRIGGER, index, 0, 2, fds(2))).isZero();

            assertThat(hosted.irqs(NONE | TRIGGER, index, 0, 2)).isZero();
            assertThat(signals()).containsExactly(1L, 1L, 0L, 0L);
            assertThat(hosted.irqs(BOOL | TRIGGER, index, 0, 2, new byte[] {0, 1})).isZero();
            assertThat(signals()).containsExactly(0L, 1L, 0L, 0L);
        }

        @Test
        void shouldPreferMsixToMsiToIntx() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
            hosted.model.interrupts().trigger(0);
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
            assertThat(hosted.irqs(NONE | UNMASK, INTX, 0, 1)).isZero();
            assertThat(signals()).as("an edge, not a level").containsExactly(0L, 0L, 0L, 0L);
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSI, 0, 1, fd(1))).isZero();
            hosted.model.interrupts().trigger(0);
            assertThat(signals()).containsExactly(0L, 1L, 0L, 0L);
            assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 1, fd(2))).isZero();
            hosted.model.interrupts().trigger(0);
            assertThat(signals()).containsExactly(0L, 0L, 1L, 0L);
        }
    }

    @Nested
    class ErrorAndRequest {
        @ParameterizedTest
        @ValueSource(ints = {ERR, REQ})
        void shouldTestByLoopback(int index) {
            byte[] yes = {1};
            assertThat(hosted.irqs(NONE | TRIGGER, index, 0, 1)).isEqualTo(EINVAL);
            assertThat(hosted.irqs(BOOL | TRIGGER, index, 0, 1, yes)).as("goes nowhere").isZero();
            assertThat(hosted.irqs(EVENTFD | TRIGGER, index, 0, 1, fd(0))).isZero();
            assertThat(hosted.irqs(NONE | TRIGGER, index, 0, 1)).isZero();
            assertThat(hosted.irqs(BOOL | TRIGGER, index, 0, 1, yes)).isZero();
            assertThat(signals()).containsExactly(2L, 0L, 0L, 0L);
            assertThat(hosted.irqs(NONE | TRIGGER, index, 0, 0)).isZero();
            assertThat(Fd.openCount()).isEqualTo(openBefore);
        }

        /** Spec C: an unbind also fires REQ. */
        @Test
        void shouldAskTheClientToLetGoWhenTheHostUnbinds() {
            assertThat(hosted.irqs(EVENTFD | TRIGGER, REQ, 0, 1, fd(0))).isZero();
            hosted.device.power().host().unbind();
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
        }
    }

    /** Our own index, which exists for a function that can signal PME. */
    @Nested
    class PowerManagementEvents {
        private static final int PME_EN = PciRegs.PCI_PM_CTRL_PME_ENABLE;
        private static final int PME_STATUS = PciRegs.PCI_PM_CTRL_PME_STATUS;
        private static final PowerManagement WITH_PME =
                PowerManagement.downToD3hot()
                        .withPme(PciPowerState.D0, PciPowerState.D3HOT)
                        .withDelays(Delays.ZERO);

        private final Hosted waking = Hosted.opened(Hosted.FULL.withPower(WITH_PME));
        private final int pmcsr = pmcsr();

        private int pmcsr() {
            int at = (int) waking.config(PciRegs.PCI_CAPABILITY_LIST, 1);
            assertThat(waking.config(at, 1)).isEqualTo(PciRegs.PCI_CAP_ID_PM);
            return at + PciRegs.PCI_PM_CTRL;
        }

        @AfterEach
        void end() {
            waking.device.lastClose();
            waking.close();
        }

        private boolean wakeEvent() {
            return waking.model.wakeEvent();
        }

        @Test
        void shouldBeOneInterrupt() {
            assertThat(waking.interruptCount(PME)).isEqualTo(1);
            assertThat(waking.irqs(EVENTFD | TRIGGER, PME, 0, 2, fds(2))).isEqualTo(EINVAL);
            assertThat(waking.irqs(EVENTFD | TRIGGER, PME, 1, 1, fd(0))).isEqualTo(EINVAL);
            assertThat(waking.irqs(NONE | MASK, PME, 0, 1)).isEqualTo(ENOTTY);
            assertThat(waking.irqs(NONE | UNMASK, PME, 0, 1)).isEqualTo(ENOTTY);
        }

        @Test
        void shouldTestByLoopback() {
            byte[] yes = {1};
            assertThat(waking.irqs(NONE | TRIGGER, PME, 0, 1)).isEqualTo(EINVAL);
            assertThat(waking.irqs(BOOL | TRIGGER, PME, 0, 1, yes)).as("goes nowhere").isZero();
            assertThat(waking.irqs(EVENTFD | TRIGGER, PME, 0, 1, fd(0))).isZero();
            assertThat(waking.irqs(NONE | TRIGGER, PME, 0, 1)).isZero();
            assertThat(waking.irqs(BOOL | TRIGGER, PME, 0, 1, yes)).isZero();
            assertThat(waking.irqs(BOOL | TRIGGER, PME, 0, 1, new byte[] {0})).isZero();
            assertThat(signals()).containsExactly(2L, 0L, 0L, 0L);
        }

        @Test
        void shouldTellOfAWakeEventFromD3hotOnceUntilItIsCleared() {
            assertThat(waking.irqs(EVENTFD | TRIGGER, PME, 0, 1, fd(0))).isZero();
            waking.config(pmcsr, 2, 3 | PME_EN);

            assertThat(wakeEvent()).isTrue();
            assertThat(wakeEvent()).isTrue();

            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
            waking.config(pmcsr, 2, PME_EN | PME_STATUS);
            assertThat(wakeEvent()).isTrue();
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
        }

        @Test
        void shouldBeSilentUnlessTheDriverHasEnabledIt() {
            assertThat(waking.irqs(EVENTFD | TRIGGER, PME, 0, 1, fd(0))).isZero();
            assertThat(wakeEvent()).isTrue();
            assertThat(signals()).containsExactly(0L, 0L, 0L, 0L);
            waking.config(pmcsr, 2, PME_EN);
            assertThat(signals()).as("PME_Status is still set").containsExactly(1L, 0L, 0L, 0L);
        }

        @ParameterizedTest
        @ValueSource(ints = {NONE | TRIGGER, EVENTFD | TRIGGER})
        void shouldBeTakenAway(int flags) {
            assertThat(waking.irqs(EVENTFD | TRIGGER, PME, 0, 1, fd(0))).isZero();
            waking.config(pmcsr, 2, PME_EN);
            int count = flags == (NONE | TRIGGER) ? 0 : 1;
            assertThat(waking.irqs(flags, PME, 0, count)).isZero();
            assertThat(wakeEvent()).isTrue();
            assertThat(signals()).containsExactly(0L, 0L, 0L, 0L);
        }
    }

    @Test
    void shouldCloseEveryDescriptorOfADepartedClient() {
        assertThat(hosted.irqs(EVENTFD | TRIGGER, INTX, 0, 1, fd(0))).isZero();
        assertThat(hosted.irqs(EVENTFD | UNMASK, INTX, 0, 1, fd(1))).isZero();
        assertThat(hosted.irqs(EVENTFD | TRIGGER, MSI, 0, 2, fds(2))).isZero();
        assertThat(hosted.irqs(EVENTFD | TRIGGER, MSIX, 0, 4, fds(4))).isZero();
        assertThat(hosted.irqs(EVENTFD | TRIGGER, ERR, 0, 1, fd(2))).isZero();
        assertThat(hosted.irqs(EVENTFD | TRIGGER, REQ, 0, 1, fd(3))).isZero();
        assertThat(Fd.openCount()).isEqualTo(openBefore + 10);
        // The rest is what is checked after every test.
    }
}
