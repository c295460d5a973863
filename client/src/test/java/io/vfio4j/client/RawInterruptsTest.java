/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** SET_IRQS as somebody else made it, to be judged by the device and nobody before it (spec G). */
@Timeout(20)
class RawInterruptsTest {
    private static final int NONE = 1;
    private static final int BOOL = 2;
    private static final int EVENTFD = 4;
    private static final int MASK = 8;
    private static final int UNMASK = 16;
    private static final int TRIGGER = 32;

    @TempDir static Path directory;

    private final List<EventFd> events = new ArrayList<>();

    @BeforeEach
    void makeThree() {
        for (int i = 0; i < 3; i++) {
            events.add(EventFd.create());
        }
    }

    @AfterEach
    void close() {
        events.forEach(EventFd::close);
    }

    private List<Fd> fds(int count) {
        return events.subList(0, count).stream().map(EventFd::fd).toList();
    }

    // By socket: it goes as it came

    /** What the server sees of a request, to which it says no such address. */
    private void sent(RawInterrupts request, Consumer<Peer.Frame> check) {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_SET_IRQS);
                            check.accept(frame);
                            client.error(frame, 14);
                            client.reply(
                                    client.expect(VfioUserCommand.DEVICE_SET_IRQS), new byte[0]);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.setInterrupts(request))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EFAULT))
                        .hasMessage("%s of %s: EFAULT (bad address)", request, device);
                device.setInterrupts(request);
            }
        }
    }

    @Test
    void shouldSendEventfdsBesideTheFrame() {
        RawInterrupts request =
                RawInterrupts.of(EVENTFD | TRIGGER, 2, 5, 2).withDescriptors(fds(2));
        sent(
                request,
                frame -> {
                    assertThat(frame.payload()).hasSize(20);
                    assertThat(frame.u32(0)).as("argsz").isEqualTo(20);
                    assertThat(frame.u32(4)).as("flags").isEqualTo(EVENTFD | TRIGGER);
                    assertThat(frame.u32(8)).as("index").isEqualTo(2);
                    assertThat(frame.u32(12)).as("start").isEqualTo(5);
                    assertThat(frame.u32(16)).as("count").isEqualTo(2);
                    assertThat(frame.descriptors()).hasSize(2);
                    try (EventFd second = EventFd.adopt(frame.descriptors().get(1))) {
                        second.signal();
                    }
                });
        assertThat(events.get(0).drain()).isZero();
        assertThat(events.get(1).drain()).isEqualTo(1);
    }

    @Test
    void shouldSendDataBehindTheFixedPart() {
        sent(
                RawInterrupts.of(BOOL | MASK, 0, 0, 3, (byte) 1, (byte) 0, (byte) 2),
                frame -> {
                    assertThat(frame.u32(0)).as("argsz").isEqualTo(23);
                    assertThat(frame.payload()).hasSize(23).endsWith(1, 0, 2);
                    assertThat(frame.descriptors()).isEmpty();
                });
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0, 0, 0",
        "19, 36, 2, 0, 1, 1",
        "-1, -1, -1, -1, -1, 0",
        "20, 33, 0, 0, 1, 3",
        "400, 34, 2, -2, 7, 0"
    })
    void shouldSendWhatIsWrongAsItIs(
            int argsz, int flags, int index, int start, int count, int descriptors) {
        sent(
                RawInterrupts.of(flags, index, start, count)
                        .withDescriptors(fds(descriptors))
                        .withArgsz(argsz),
                frame -> {
                    assertThat(frame.payload()).hasSize(20);
                    assertThat(frame.u32(0)).as("argsz").isEqualTo(argsz);
                    assertThat(frame.u32(4)).as("flags").isEqualTo(flags);
                    assertThat(frame.u32(8)).as("index").isEqualTo(index);
                    assertThat(frame.u32(12)).as("start").isEqualTo(start);
                    assertThat(frame.u32(16)).as("count").isEqualTo(count);
                    assertThat(frame.descriptors()).hasSize(descriptors);
                });
    }

    @Test
    void shouldSayThatTheServerTakesFewerDescriptorsAndGoOn() {
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            Peer.Frame _ = client.agree(2, 1 << 20);
                            Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_SET_IRQS);
                            assertThat(frame.descriptors()).hasSize(2);
                            client.reply(frame, new byte[0]);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                RawInterrupts request = RawInterrupts.of(EVENTFD | TRIGGER, 2, 0, 3);
                assertThatThrownBy(() -> device.setInterrupts(request.withDescriptors(fds(3))))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.E2BIG))
                        .hasMessageContaining("takes 2 descriptors with a message, not 3");
                device.setInterrupts(request.withDescriptors(fds(2)));
            }
        }
    }

    @Test
    void shouldSayThatADescriptorIsClosed() {
        RawInterrupts request =
                RawInterrupts.of(EVENTFD | TRIGGER, 0, 0, 1).withDescriptors(fds(1));
        events.getFirst().close();
        try (FakeServer server =
                FakeServer.agreeing(directory, client -> assertThat(client.receive()).isEmpty())) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.setInterrupts(request))
                        .isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    void shouldRefuseDataForMoreInterruptsThanThereAre() {
        assertThatThrownBy(() -> RawInterrupts.of(BOOL | MASK, 0, 0, 1, new byte[65_537]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // To the kernel: eventfds are numbers

    private static int[] numbers(KernelIrqRequest request) {
        ByteBuffer data = ByteBuffer.wrap(request.data()).order(ByteOrder.nativeOrder());
        int[] numbers = new int[data.capacity() / 4];
        data.asIntBuffer().get(numbers);
        return numbers;
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 22, 28, 4000, -1})
    void shouldTellTheKernelTheNumbersOfTheEventfds(int argsz) {
        KernelIrqRequest request =
                KernelIrqRequest.of(
                        RawInterrupts.of(EVENTFD | TRIGGER, 2, 5, 2)
                                .withDescriptors(fds(2))
                                .withArgsz(argsz));
        assertThat(request.fixed().argsz()).isEqualTo(28);
        assertThat(request.fixed().flags()).isEqualTo(EVENTFD | TRIGGER);
        assertThat(request.fixed().index()).isEqualTo(2);
        assertThat(request.fixed().start()).isEqualTo(5);
        assertThat(request.fixed().count()).isEqualTo(2);
        assertThat(numbers(request))
                .containsExactly(events.get(0).fd().number(), events.get(1).fd().number());
        assertThat(request.named()).isEqualTo(fds(2));
    }

    @Test
    void shouldTakeTheEventfdsAwayWithoutAny() {
        KernelIrqRequest request =
                KernelIrqRequest.of(RawInterrupts.of(EVENTFD | UNMASK, 0, 0, 3, new byte[12]));
        assertThat(request.fixed().argsz()).isEqualTo(32);
        assertThat(numbers(request)).containsExactly(-1, -1, -1);
        assertThat(request.named()).isEmpty();
    }

    /** The kernel counts: two numbers do not do for three interrupts. */
    @Test
    void shouldPromiseTheKernelNoMoreThanThereIs() {
        KernelIrqRequest few =
                KernelIrqRequest.of(
                        RawInterrupts.of(EVENTFD | TRIGGER, 2, 0, 3).withDescriptors(fds(2)));
        assertThat(few.fixed().argsz()).isEqualTo(28);
        assertThat(few.fixed().count()).isEqualTo(3);
        KernelIrqRequest all = KernelIrqRequest.of(RawInterrupts.of(EVENTFD | TRIGGER, 2, 0, -1));
        assertThat(all.fixed().count()).isEqualTo(-1);
        assertThat(numbers(all)).hasSize(65_536);
        assertThat(all.fixed().argsz()).isEqualTo(20 + 4 * 65_536);
    }

    @Test
    void shouldHaveTheKernelRefuseWhatNumbersCannotTell() {
        for (RawInterrupts untold :
                List.of(
                        RawInterrupts.of(EVENTFD | TRIGGER, 2, 0, 2).withDescriptors(fds(3)),
                        RawInterrupts.of(NONE | TRIGGER, 2, 0, 1).withDescriptors(fds(1)),
                        RawInterrupts.of(BOOL | TRIGGER, 2, 0, 1, (byte) 1).withDescriptors(fds(1)),
                        RawInterrupts.of(EVENTFD | NONE | TRIGGER, 2, 0, 1)
                                .withDescriptors(fds(1)))) {
            assertThat(KernelIrqRequest.of(untold).fixed().argsz()).as("%s", untold).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 19})
    void shouldLeaveItToTheKernelToSayThatARequestIsTooShort(int argsz) {
        for (RawInterrupts request :
                List.of(
                        RawInterrupts.of(EVENTFD | TRIGGER, 2, 0, 2).withDescriptors(fds(2)),
                        RawInterrupts.of(NONE | MASK, 0, 0, 1))) {
            assertThat(KernelIrqRequest.of(request.withArgsz(argsz)).fixed().argsz())
                    .isEqualTo(argsz);
        }
    }

    @Test
    void shouldTellTheKernelOtherDataAsItIs() {
        KernelIrqRequest bool =
                KernelIrqRequest.of(
                        RawInterrupts.of(BOOL | MASK, 0, 0, 9, (byte) 1, (byte) 2).withArgsz(29));
        assertThat(bool.fixed().argsz()).isEqualTo(29);
        assertThat(bool.data()).containsExactly(1, 2);
        KernelIrqRequest nonsense =
                KernelIrqRequest.of(RawInterrupts.of(-1, -1, -1, -1).withArgsz(-1));
        assertThat(nonsense.fixed()).extracting("argsz", "flags", "index").containsOnly(-1);
        assertThat(nonsense.data()).isEmpty();
    }

    @Test
    void shouldTellTheKernelsErrno(@TempDir Path folder) {
        FakeSysfs sysfs = new FakeSysfs(folder);
        sysfs.add("0000:01:00.0", 0x8086, 0x10d3, 0x020000);
        try (MemFd file = MemFd.create("device", 4096);
                KernelHandle handle =
                        new KernelHandle(file.fd().duplicate(), sysfs.pci("0000:01:00.0"))) {
            KernelIrqs irqs = new KernelIrqs(handle, 5);
            RawInterrupts request =
                    RawInterrupts.of(EVENTFD | TRIGGER, 2, 0, 2).withDescriptors(fds(2));
            assertThatThrownBy(() -> irqs.set(request))
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY))
                    .hasMessageStartingWith(
                            "setting 2 interrupts from 0 on of index 2 with flags 0x24 of 0000:01:00.0:");
            events.getFirst().close();
            assertThatThrownBy(() -> irqs.set(request)).isInstanceOf(IllegalStateException.class);
        }
    }
}
