/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.VfioUserCommand;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** SET_IRQS: one data kind, one action, eventfds beside the frame. */
@Timeout(20)
class InterruptsTest {
    private static final int NONE = 1;
    private static final int EVENTFD = 4;
    private static final int MASK = 8;
    private static final int UNMASK = 16;
    private static final int TRIGGER = 32;

    @TempDir static Path directory;

    private static Peer.Frame expectSet(
            Peer client, int flags, int index, int start, int count, int descriptors) {
        Peer.Frame frame = client.expect(VfioUserCommand.DEVICE_SET_IRQS);
        assertThat(frame.payload()).hasSize(20);
        assertThat(frame.u32(0)).as("argsz").isEqualTo(20);
        assertThat(frame.u32(4)).as("flags").isEqualTo(flags);
        assertThat(frame.u32(8)).as("index").isEqualTo(index);
        assertThat(frame.u32(12)).as("start").isEqualTo(start);
        assertThat(frame.u32(16)).as("count").isEqualTo(count);
        assertThat(frame.descriptors()).hasSize(descriptors);
        return frame;
    }

    private static void answer(Peer client, Peer.Frame frame) {
        client.reply(frame, new byte[0]);
    }

    private static List<EventFd> events(int count) {
        List<EventFd> events = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            events.add(EventFd.create());
        }
        return events;
    }

    @Test
    void shouldHaveInterruptsSignalEventfds() {
        List<EventFd> events = events(2);
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            Peer.Frame set = expectSet(client, EVENTFD | TRIGGER, 2, 3, 2, 2);
                            try (EventFd second = EventFd.adopt(set.descriptors().get(1))) {
                                second.signal();
                            }
                            answer(client, set);
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                device.enableInterrupts(2, 3, events);
                assertThat(events.get(0).await(Duration.ZERO)).isFalse();
                assertThat(events.get(1).await(Duration.ofSeconds(5))).isTrue();
            }
        } finally {
            events.forEach(EventFd::close);
        }
    }

    @Test
    void shouldSendNoMoreDescriptorsAtOnceThanTheServerTakes() {
        List<EventFd> events = events(5);
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            Peer.Frame _ = client.agree(2, 1 << 20);
                            answer(client, expectSet(client, EVENTFD | TRIGGER, 2, 0, 2, 2));
                            answer(client, expectSet(client, EVENTFD | TRIGGER, 2, 2, 2, 2));
                            answer(client, expectSet(client, EVENTFD | TRIGGER, 2, 4, 1, 1));
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                device.enableInterrupts(2, 0, events);
            }
        } finally {
            events.forEach(EventFd::close);
        }
    }

    @Test
    void shouldEnableAllOrNone() {
        List<EventFd> events = events(3);
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            Peer.Frame _ = client.agree(2, 1 << 20);
                            answer(client, expectSet(client, EVENTFD | TRIGGER, 2, 0, 2, 2));
                            client.error(expectSet(client, EVENTFD | TRIGGER, 2, 2, 1, 1), 22);
                            answer(client, expectSet(client, EVENTFD | TRIGGER, 2, 0, 2, 0));
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.enableInterrupts(2, 0, events))
                        .isInstanceOfSatisfying(
                                VfioException.class,
                                e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                        .hasMessage(
                                "setting interrupts 2 to 2 of index 2 of vfio-user:%s: EINVAL"
                                        + " (invalid argument)",
                                server.path());
            }
        } finally {
            events.forEach(EventFd::close);
        }
    }

    @Test
    void shouldSayThatAServerWithoutDescriptorsCannotInterrupt() {
        try (FakeServer server =
                        FakeServer.start(
                                directory,
                                client -> {
                                    Peer.Frame _ = client.agree(0, 1 << 20);
                                    client.expectEnd();
                                });
                EventFd event = EventFd.create()) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.enableInterrupts(0, 0, List.of(event)))
                        .hasMessageContaining("takes no descriptors");
            }
        }
    }

    @Test
    void shouldSayThatAnEventfdIsClosedAndGoOn() {
        EventFd event = EventFd.create();
        event.close();
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            answer(client, expectSet(client, NONE | TRIGGER, 0, 0, 0, 0));
                            client.expectEnd();
                        })) {
            try (VfioDevice device = server.open()) {
                assertThatThrownBy(() -> device.enableInterrupts(0, 0, List.of(event)))
                        .isInstanceOf(IllegalStateException.class);
                device.disableInterrupts(0);
            }
        }
    }

    @Test
    void shouldMaskUnmaskTriggerAndDisable() {
        try (FakeServer server =
                        FakeServer.agreeing(
                                directory,
                                client -> {
                                    answer(client, expectSet(client, NONE | MASK, 0, 0, 1, 0));
                                    answer(client, expectSet(client, NONE | UNMASK, 0, 0, 1, 0));
                                    answer(client, expectSet(client, EVENTFD | UNMASK, 0, 0, 1, 1));
                                    answer(client, expectSet(client, NONE | TRIGGER, 2, 1, 3, 0));
                                    answer(
                                            client,
                                            expectSet(client, EVENTFD | TRIGGER, 2, 1, 2, 0));
                                    answer(client, expectSet(client, NONE | TRIGGER, 2, 0, 0, 0));
                                    client.expectEnd();
                                });
                EventFd unmask = EventFd.create()) {
            try (VfioDevice device = server.open()) {
                device.maskInterrupts(0, 0, 1);
                device.unmaskInterrupts(0, 0, 1);
                device.unmaskInterruptBy(0, 0, unmask);
                device.triggerInterrupts(2, 1, 3);
                device.disableInterrupts(2, 1, 2);
                device.disableInterrupts(2);
            }
        }
    }

    @Test
    void shouldNotMistakeNoInterruptsForAllOfThem() {
        try (FakeServer server = FakeServer.agreeing(directory, Peer::expectEnd)) {
            try (VfioDevice device = server.open()) {
                // A trigger of zero interrupts disables the index.
                assertThatThrownBy(() -> device.triggerInterrupts(0, 0, 0))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> device.enableInterrupts(0, 0, List.of()))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> device.maskInterrupts(0, -1, 1))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> device.disableInterrupts(0, Integer.MAX_VALUE, 2))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    /** REQ, index 4: the kernel's way to ask for a device. */
    @Test
    void shouldTellThatTheDeviceIsWantedBack() {
        try (FakeServer server =
                FakeServer.agreeing(
                        directory,
                        client -> {
                            answerInfo(client, 5);
                            answerIrqInfo(client, 4, 1);
                            Peer.Frame set = expectSet(client, EVENTFD | TRIGGER, 4, 0, 1, 1);
                            answer(client, set);
                            try (EventFd request = EventFd.adopt(set.descriptors().getFirst())) {
                                client.expect(VfioUserCommand.DEVICE_RESET);
                                request.signal();
                            }
                        })) {
            try (VfioDevice device = server.open();
                    ReleaseRequest request = ReleaseRequest.of(device).orElseThrow()) {
                assertThat(request.asked()).isFalse();
                assertThatThrownBy(device::reset).isInstanceOf(ConnectionLostException.class);
                assertThat(request.await(Duration.ofSeconds(5))).isTrue();
                assertThat(request.asked()).isTrue();
            }
        }
    }

    @Test
    void shouldKnowThatADeviceIsNeverWantedBack() {
        for (int irqs : new int[] {4, 5}) {
            try (FakeServer server =
                            FakeServer.agreeing(
                                    directory,
                                    client -> {
                                        answerInfo(client, irqs);
                                        if (irqs > 4) {
                                            answerIrqInfo(client, 4, 0);
                                        }
                                        client.expectEnd();
                                    });
                    VfioDevice device = server.open()) {
                assertThat(ReleaseRequest.of(device)).isEmpty();
            }
        }
    }

    @Test
    void shouldTellThatPmeHasRisen() {
        try (FakeServer server =
                FakeServer.start(
                        directory,
                        client -> {
                            agreeToPme(client);
                            answerInfo(client, 6);
                            answerIrqInfo(client, 5, 1);
                            Peer.Frame set = expectSet(client, EVENTFD | TRIGGER, 5, 0, 1, 1);
                            answer(client, set);
                            try (EventFd pme = EventFd.adopt(set.descriptors().getFirst())) {
                                client.expect(VfioUserCommand.DEVICE_RESET);
                                pme.signal();
                            }
                        })) {
            try (VfioDevice device = server.open();
                    PmeEvent pme = PmeEvent.of(device)) {
                assertThat(pme.await(Duration.ZERO)).isFalse();
                assertThatThrownBy(device::reset).isInstanceOf(ConnectionLostException.class);
                assertThat(pme.await(Duration.ofSeconds(5))).isTrue();
                assertThat(pme.drain()).isEqualTo(1);
                assertThat(pme.drain()).isZero();
            }
        }
    }

    /** What another server has at index 5 is something else. */
    @Test
    void shouldAskNobodyForPmeWhoHasNotAgreedToIt() {
        try (FakeServer server = FakeServer.agreeing(directory, Peer::expectEnd);
                VfioDevice device = server.open()) {
            assertNoPme(device, "has no interrupt for PME");
        }
    }

    @Test
    void shouldSayThatADeviceCannotSignalPme() {
        for (int irqs : new int[] {5, 6}) {
            try (FakeServer server =
                            FakeServer.start(
                                    directory,
                                    client -> {
                                        agreeToPme(client);
                                        answerInfo(client, irqs);
                                        if (irqs > 5) {
                                            answerIrqInfo(client, 5, 0);
                                        }
                                        client.expectEnd();
                                    });
                    VfioDevice device = server.open()) {
                assertNoPme(device, "cannot signal PME");
            }
        }
    }

    private static void agreeToPme(Peer client) {
        Peer.Frame _ = client.agree(16, 1 << 20, new VersionCapabilities.LowPower(false, true));
    }

    private static void assertNoPme(VfioDevice device, String why) {
        assertThatThrownBy(() -> PmeEvent.of(device))
                .isInstanceOfSatisfying(
                        VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP))
                .hasMessageContaining(why);
    }

    private static void answerInfo(Peer client, int irqs) {
        Peer.Frame info = client.expect(VfioUserCommand.DEVICE_GET_INFO);
        client.reply(info, Peer.bytes(16).putInt(16).putInt(2).putInt(9).putInt(irqs).array());
    }

    private static void answerIrqInfo(Peer client, int index, int count) {
        Peer.Frame irq = client.expect(VfioUserCommand.DEVICE_GET_IRQ_INFO);
        client.reply(irq, Peer.bytes(16).putInt(16).putInt(1).putInt(index).putInt(count).array());
    }
}
