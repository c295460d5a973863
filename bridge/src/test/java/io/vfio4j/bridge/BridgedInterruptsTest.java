/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.client.VfioException;
import io.vfio4j.device.EventFdWatcher;
import io.vfio4j.device.InterruptDescription;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.server.EventLoop;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;
import io.vfio4j.uapi.VfioUser;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** SET_IRQS of a bridge's client: to the device as it comes, but for what is the bridge's own. */
@Timeout(20)
class BridgedInterruptsTest {
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

    private static final int FIXED = VfioIrqSet.LAYOUT.size();
    private static final int OK = 0;
    private static final int EINVAL = -Errno.EINVAL.number();
    private static final int ENOTTY = -Errno.ENOTTY.number();

    private static final Duration SOON = Duration.ofSeconds(10);

    private final List<EventFd> eventFds =
            IntStream.range(0, 4).mapToObj(i -> EventFd.create()).toList();

    @AfterEach
    void close() {
        eventFds.forEach(EventFd::close);
    }

    private Fd fd(int i) {
        return eventFds.get(i).fd().duplicate();
    }

    private List<Long> signals() {
        return eventFds.stream().map(EventFd::drain).toList();
    }

    private static int set(
            BridgedInterrupts interrupts, int index, int flags, int start, int count, Fd... fds) {
        return set(interrupts, index, flags, start, count, new byte[0], fds);
    }

    private static int set(
            BridgedInterrupts interrupts,
            int index,
            int flags,
            int start,
            int count,
            byte[] data,
            Fd... fds) {
        int length = FIXED + data.length;
        return interrupts.set(
                new VfioIrqSet(length, flags, index, start, count),
                length,
                data,
                new ArrayList<>(Arrays.asList(fds)));
    }

    /** What reaches the device, and what does not. */
    @Nested
    class PassedOn {
        private final FakeDevice behind = new FakeDevice();
        private final EventFdWatcher watcher = (eventFd, signalled) -> () -> {};
        private BridgedInterrupts interrupts = make(true);
        private int openBefore;

        @BeforeEach
        void count() {
            openBefore = Fd.openCount();
        }

        @AfterEach
        void close() {
            assertThat(Fd.openCount()).as("descriptors").isEqualTo(openBefore);
            interrupts.close();
        }

        private BridgedInterrupts make(boolean pme) {
            return new BridgedInterrupts(behind.device(), new FakeClient(pme), watcher, () -> {});
        }

        @Test
        void shouldBeDescribedAsTheDevicesAreAndTheBridgesOwn() {
            int maskable =
                    Vfio.VFIO_IRQ_INFO_EVENTFD
                            | Vfio.VFIO_IRQ_INFO_MASKABLE
                            | Vfio.VFIO_IRQ_INFO_AUTOMASKED;
            int own = Vfio.VFIO_IRQ_INFO_EVENTFD | Vfio.VFIO_IRQ_INFO_NORESIZE;
            assertThat(IntStream.rangeClosed(INTX, PME).mapToObj(interrupts::describe))
                    .containsExactly(
                            new InterruptDescription(maskable, 1),
                            new InterruptDescription(Vfio.VFIO_IRQ_INFO_EVENTFD, 4),
                            new InterruptDescription(Vfio.VFIO_IRQ_INFO_EVENTFD, 8),
                            new InterruptDescription(Vfio.VFIO_IRQ_INFO_EVENTFD, 1),
                            new InterruptDescription(own, 1),
                            new InterruptDescription(own, 1));
        }

        @Test
        void shouldLackWhatTheDeviceLacksAndPmeForAClientThatDoesNotKnowIt() {
            behind.irqs = 3;
            try (BridgedInterrupts few = make(false)) {
                assertThat(few.describe(MSIX).count()).isEqualTo(8);
                assertThat(few.describe(ERR).count()).isZero();
                assertThat(few.describe(REQ).count()).isEqualTo(1);
                assertThat(few.describe(PME).count()).isZero();
                assertThat(set(few, PME, EVENTFD | TRIGGER, 0, 1, fd(0))).isEqualTo(EINVAL);
            }
        }

        @Test
        void shouldLackErrorsWhereTheKernelRefusesToTellOfThem() {
            behind.conventional = true;
            behind.calls.clear();
            try (BridgedInterrupts conventional = make(true)) {
                assertThat(conventional.describe(ERR)).isEqualTo(new InterruptDescription(0, 0));
                assertThat(conventional.describe(MSIX).count()).isEqualTo(8);
                assertThat(behind.calls).doesNotContain("disableInterrupts[3]");
            }
        }

        /** With --keep, the device is still as the last client has left it. */
        @Test
        void shouldBeginWithNoneEnabled() {
            assertThat(behind.calls)
                    .containsSubsequence(
                            "disableInterrupts[0]",
                            "disableInterrupts[1]",
                            "disableInterrupts[2]",
                            "disableInterrupts[3]");
        }

        static Stream<Arguments> requests() {
            return Stream.of(
                    argumentSet("INTx masked", INTX, NONE | MASK, 0, 1, 0, 0),
                    argumentSet("MSI-X enabled", MSIX, EVENTFD | TRIGGER, 2, 3, 0, 3),
                    argumentSet("MSI disabled", MSI, NONE | TRIGGER, 0, 0, 0, 0),
                    argumentSet("loopback by booleans", MSI, BOOL | TRIGGER, 0, 3, 3, 0),
                    argumentSet("errors", ERR, EVENTFD | TRIGGER, 0, 1, 0, 1),
                    argumentSet("no data kind", MSI, TRIGGER, 0, 1, 0, 0),
                    argumentSet("two actions", MSI, NONE | MASK | TRIGGER, 0, 1, 0, 0),
                    argumentSet("interrupts that nobody has", MSI, NONE | TRIGGER, -1, -1, 0, 0),
                    argumentSet("descriptors nobody asked for", MSI, NONE | TRIGGER, 0, 1, 0, 2));
        }

        @ParameterizedTest
        @MethodSource("requests")
        void shouldReachTheDeviceAsTheyCame(
                int index, int flags, int start, int count, int bytes, int descriptors) {
            byte[] data = new byte[bytes];
            Arrays.fill(data, (byte) 1);
            Fd[] fds = IntStream.range(0, descriptors).mapToObj(i -> fd(i)).toArray(Fd[]::new);

            assertThat(set(interrupts, index, flags, start, count, data, fds)).isEqualTo(OK);

            assertThat(behind.interrupts)
                    .singleElement()
                    .satisfies(request -> {
                        assertThat(request.argsz()).isEqualTo(FIXED + bytes);
                        assertThat(request.index()).isEqualTo(index);
                        assertThat(request.flags()).isEqualTo(flags);
                        assertThat(request.start()).isEqualTo(start);
                        assertThat(request.count()).isEqualTo(count);
                        assertThat(request.data()).isEqualTo(data);
                        assertThat(request.descriptors()).containsExactly(fds);
                    });
            assertThat(fds).as("passed on").allMatch(fd -> !fd.isOpen());
        }

        @ParameterizedTest
        @ValueSource(ints = {0, 4, 19})
        void shouldReachTheDeviceWithTheSizeTheyClaim(int argsz) {
            VfioIrqSet request = new VfioIrqSet(argsz, NONE | TRIGGER, MSI, 0, 0);
            assertThat(interrupts.set(request, FIXED, new byte[0], new ArrayList<>()))
                    .isEqualTo(OK);
            assertThat(behind.interrupts.getFirst().argsz()).isEqualTo(argsz);
        }

        @ParameterizedTest
        @ValueSource(ints = {21, 4096, -1})
        void shouldNotReachTheDeviceCutOff(int argsz) {
            VfioIrqSet request = new VfioIrqSet(argsz, BOOL | TRIGGER, MSI, 0, 1);
            assertThat(interrupts.set(request, FIXED, new byte[0], new ArrayList<>()))
                    .isEqualTo(EINVAL);
            assertThat(behind.interrupts).isEmpty();
        }

        @Test
        void shouldNotReachTheDeviceWithMoreDataThanInterruptsExist() {
            assertThat(set(interrupts, MSI, BOOL | TRIGGER, 0, 1, new byte[1 << 20]))
                    .isEqualTo(EINVAL);
            assertThat(behind.interrupts).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(ints = {6, 99, -1})
        void shouldNotBeOfAnIndexThatThereIsNot(int index) {
            assertThat(set(interrupts, index, EVENTFD | TRIGGER, 0, 1, fd(0))).isEqualTo(EINVAL);
            assertThat(behind.interrupts).isEmpty();
        }

        @Test
        void shouldBeAnsweredAsTheDeviceDoes() {
            try (LogLines log = new LogLines()) {
                behind.refusal = Optional.of(new VfioException(Errno.ENOTTY, "not masked so"));
                assertThat(set(interrupts, MSI, NONE | MASK, 0, 1)).isEqualTo(ENOTTY);
                assertThat(log.lines()).as("a client may try").isEmpty();
                behind.refusal = Optional.of(new VfioException(Errno.ENOSPC, "no vector left"));
                assertThat(set(interrupts, MSIX, EVENTFD | TRIGGER, 0, 1, fd(0)))
                        .isEqualTo(-Errno.ENOSPC.number());
                assertThat(log.lines()).containsExactly("WARNING 0000:01:00.0: no vector left");
            }
            behind.refusal = Optional.of(new IllegalStateException("closed"));
            assertThat(set(interrupts, MSIX, EVENTFD | TRIGGER, 0, 1, fd(0)))
                    .isEqualTo(-Errno.ENODEV.number());
        }
    }

    /** REQ and PME: the client's eventfds never reach the device. */
    @Nested
    class TheBridgesOwn {
        private final FakeDevice behind = new FakeDevice();
        private Runnable hostAsks = () -> {};
        private final List<String> order = new ArrayList<>();
        private final BridgedInterrupts interrupts =
                new BridgedInterrupts(
                        behind.device(),
                        new FakeClient(true),
                        (eventFd, signalled) -> {
                            hostAsks = signalled;
                            return () -> hostAsks = () -> {};
                        },
                        () -> order.add("asked, " + signals().getFirst()));

        @AfterEach
        void close() {
            interrupts.close();
        }

        static Stream<Arguments> requests() {
            return Stream.of(REQ, PME)
                    .flatMap(index ->
                            Stream.of(
                                    argumentSet("set", index, EVENTFD | TRIGGER, 0, 1, 1, OK),
                                    argumentSet("clear", index, EVENTFD | TRIGGER, 0, 1, 0, OK),
                                    argumentSet("disable", index, NONE | TRIGGER, 0, 0, 0, OK),
                                    argumentSet(
                                            "no eventfd", index, NONE | TRIGGER, 0, 1, 0, EINVAL),
                                    argumentSet("two", index, EVENTFD | TRIGGER, 0, 2, 2, EINVAL),
                                    argumentSet(
                                            "second", index, EVENTFD | TRIGGER, 1, 1, 1, EINVAL),
                                    argumentSet(
                                            "more fds", index, EVENTFD | TRIGGER, 0, 1, 2, EINVAL),
                                    argumentSet(
                                            "beside none", index, NONE | TRIGGER, 0, 1, 1, EINVAL),
                                    argumentSet("mask", index, NONE | MASK, 0, 1, 0, ENOTTY),
                                    argumentSet(
                                            "unmask by", index, EVENTFD | UNMASK, 0, 1, 1, ENOTTY),
                                    argumentSet(
                                            "unknown", index, 1 << 6 | TRIGGER, 0, 1, 0, EINVAL)));
        }

        @ParameterizedTest
        @MethodSource("requests")
        void shouldBeJudgedAsTheKernelDoes(
                int index, int flags, int start, int count, int descriptors, int answer) {
            int before = Fd.openCount();
            Fd[] fds = IntStream.range(0, descriptors).mapToObj(i -> fd(i)).toArray(Fd[]::new);
            assertThat(set(interrupts, index, flags, start, count, fds)).isEqualTo(answer);
            interrupts.close();
            assertThat(Fd.openCount()).isLessThanOrEqualTo(before);
            assertThat(behind.interrupts).isEmpty();
        }

        @Test
        void shouldRefuseWhatIsNoEventFd() {
            assertThat(
                            set(
                                    interrupts,
                                    PME,
                                    EVENTFD | TRIGGER,
                                    0,
                                    1,
                                    Fd.open(Path.of("/tmp"), false)))
                    .isEqualTo(EINVAL);
        }

        @Test
        void shouldDoTheLoopbackTest() {
            assertThat(set(interrupts, REQ, EVENTFD | TRIGGER, 0, 1, fd(0))).isEqualTo(OK);
            assertThat(set(interrupts, PME, EVENTFD | TRIGGER, 0, 1, fd(1))).isEqualTo(OK);
            assertThat(set(interrupts, REQ, NONE | TRIGGER, 0, 1)).isEqualTo(OK);
            assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
            assertThat(set(interrupts, PME, BOOL | TRIGGER, 0, 1, new byte[] {1})).isEqualTo(OK);
            assertThat(set(interrupts, PME, BOOL | TRIGGER, 0, 1, new byte[] {0})).isEqualTo(OK);
            assertThat(signals()).containsExactly(0L, 1L, 0L, 0L);
        }

        @Test
        void shouldTellPmeToWhoListens() {
            interrupts.tellPme();
            assertThat(set(interrupts, PME, EVENTFD | TRIGGER, 0, 1, fd(1))).isEqualTo(OK);
            interrupts.tellPme();
            assertThat(signals()).containsExactly(0L, 1L, 0L, 0L);
            assertThat(set(interrupts, PME, NONE | TRIGGER, 0, 0)).isEqualTo(OK);
            interrupts.tellPme();
            assertThat(signals()).containsOnly(0L);
        }

        @Test
        void shouldForwardThatTheHostWantsTheDeviceBackAndThenSaySo() {
            assertThat(behind.calls).anyMatch(call -> call.startsWith("enableInterrupts[4, 0"));
            hostAsks.run();
            assertThat(set(interrupts, REQ, EVENTFD | TRIGGER, 0, 1, fd(0))).isEqualTo(OK);
            hostAsks.run();
            assertThat(order).containsExactly("asked, 0", "asked, 1");
        }

        @Test
        void shouldEndWithTheClient() {
            assertThat(set(interrupts, PME, EVENTFD | TRIGGER, 0, 1, fd(1))).isEqualTo(OK);
            List<String> before = List.copyOf(behind.calls);
            interrupts.close();
            interrupts.close();
            interrupts.tellPme();
            hostAsks.run();
            assertThat(signals()).containsOnly(0L);
            assertThat(order).isEmpty();
            assertThat(behind.calls).as("it may sleep").isEqualTo(before);
        }

        @Test
        void shouldDoWithoutWhereTheDeviceDoesNotTellThatItIsWanted() {
            FakeDevice silent = new FakeDevice();
            silent.irqs = 4;
            try (BridgedInterrupts without =
                    new BridgedInterrupts(
                            silent.device(),
                            new FakeClient(true),
                            (_, _) -> {
                                throw new AssertionError("nothing to watch");
                            },
                            () -> {})) {
                assertThat(set(without, REQ, EVENTFD | TRIGGER, 0, 1, fd(0))).isEqualTo(OK);
            }
            assertThat(silent.calls).noneMatch(call -> call.startsWith("enableInterrupts"));
        }
    }

    /** Spec I.1: unmasking by eventfd while a device sleeps leaves INTx masked for good. */
    @Nested
    class IntxAfterAWake {
        private static final String MASKED = "maskInterrupts[0, 0, 1]";
        private static final String UNMASKED = "unmaskInterrupts[0, 0, 1]";

        private final FakeDevice behind = new FakeDevice();
        private final BridgedInterrupts interrupts =
                new BridgedInterrupts(
                        behind.device(), new FakeClient(true), (_, _) -> () -> {}, () -> {});

        @AfterEach
        void close() {
            interrupts.close();
        }

        @ParameterizedTest
        @CsvSource({
            "'', false",
            "enable, false",
            "enable by-eventfd, true",
            "enable mask by-eventfd unmask, true",
            "enable by-eventfd mask, false",
            "enable by-eventfd mask-not, true",
            "enable by-eventfd mask unmask-not, false",
            "enable by-eventfd mask unmask, true",
            "enable by-eventfd by-none, false",
            "enable by-eventfd disable, false",
            "enable by-eventfd clear, false",
            "enable by-eventfd enable, true",
            "enable by-eventfd refused-disable, true",
            "enable by-eventfd loopback, true",
        })
        void shouldBeMaskedAndUnmaskedWhereAClientUnmasksByEventFd(String done, boolean recovers) {
            Stream.of(done.split(" ")).forEach(this::act);
            behind.calls.clear();
            interrupts.recoverIntx();
            assertThat(behind.calls).isEqualTo(recovers ? List.of(MASKED, UNMASKED) : List.of());
        }

        private void act(String what) {
            byte[] no = {0};
            int result =
                    switch (what) {
                        case "enable" -> set(interrupts, INTX, EVENTFD | TRIGGER, 0, 1, fd(0));
                        case "clear" -> set(interrupts, INTX, EVENTFD | TRIGGER, 0, 1);
                        case "disable" -> set(interrupts, INTX, NONE | TRIGGER, 0, 0);
                        case "loopback" -> set(interrupts, INTX, NONE | TRIGGER, 0, 1);
                        case "mask" -> set(interrupts, INTX, NONE | MASK, 0, 1);
                        case "mask-not" -> set(interrupts, INTX, BOOL | MASK, 0, 1, no);
                        case "unmask" -> set(interrupts, INTX, NONE | UNMASK, 0, 1);
                        case "unmask-not" -> set(interrupts, INTX, BOOL | UNMASK, 0, 1, no);
                        case "by-eventfd" -> set(interrupts, INTX, EVENTFD | UNMASK, 0, 1, fd(1));
                        case "by-none" -> set(interrupts, INTX, EVENTFD | UNMASK, 0, 1);
                        case "refused-disable" -> refusedDisable();
                        default -> OK;
                    };
            assertThat(result).isEqualTo(OK);
        }

        private int refusedDisable() {
            behind.refusal = Optional.of(new VfioException(Errno.EINVAL, "no"));
            int result = set(interrupts, INTX, NONE | TRIGGER, 0, 0);
            behind.refusal = Optional.empty();
            return result == EINVAL ? OK : result;
        }

        @Test
        void shouldBeLeftAsTheyAreWhereTheDeviceRefuses() {
            act("by-eventfd");
            behind.refusal = Optional.of(new VfioException(Errno.EIO, "it does not wake"));
            try (LogLines log = new LogLines()) {
                interrupts.recoverIntx();
                assertThat(log.lines()).containsExactly("WARNING 0000:01:00.0: it does not wake");
            }
            behind.refusal = Optional.empty();
        }
    }

    /** With a device that really interrupts. */
    @Nested
    class Behind {
        @TempDir Path folder;

        private ServedEdu edu;
        private EventLoop events;
        private VfioDevice device;

        @BeforeEach
        void open() {
            edu = new ServedEdu(folder);
            events = new EventLoop();
            device = VfioDevice.open(edu.target());
        }

        @AfterEach
        void close() {
            device.close();
            events.close();
            edu.close();
        }

        @Test
        void shouldInterruptTheClientWithoutTheBridge() {
            try (BridgedInterrupts interrupts =
                    new BridgedInterrupts(device, new FakeClient(true), events, () -> {})) {
                assertThat(interrupts.describe(MSIX).count()).isEqualTo(4);
                assertThat(set(interrupts, MSIX, EVENTFD | TRIGGER, 0, 2, fd(0), fd(1)))
                        .isEqualTo(OK);
                device.writeInt(0, 0x60, 1);
                assertThat(eventFds.getFirst().await(SOON)).isTrue();
                assertThat(set(interrupts, MSIX, NONE | TRIGGER, 1, 1)).isEqualTo(OK);
                assertThat(eventFds.get(1).await(SOON)).isTrue();
                assertThat(set(interrupts, MSIX, EVENTFD | TRIGGER, 3, 2, fd(0), fd(1)))
                        .isEqualTo(EINVAL);
            }
            signals();
            // The next client has none of it.
            try (BridgedInterrupts _ =
                    new BridgedInterrupts(device, new FakeClient(true), events, () -> {})) {
                device.writeInt(0, 0x60, 1);
                assertThat(signals()).containsOnly(0L);
            }
        }

        @Test
        void shouldHearTheHost() {
            AtomicInteger asked = new AtomicInteger();
            try (BridgedInterrupts interrupts =
                    new BridgedInterrupts(
                            device, new FakeClient(true), events, asked::incrementAndGet)) {
                assertThat(set(interrupts, REQ, EVENTFD | TRIGGER, 0, 1, fd(0))).isEqualTo(OK);
                edu.device().power().host().unbind();
                Awaitility.await().atMost(SOON).until(() -> asked.get() == 1);
                assertThat(signals()).containsExactly(1L, 0L, 0L, 0L);
            }
        }
    }
}
