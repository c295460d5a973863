/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.power.ContractState;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Clients that come and go, several at once, and what one can do to another. */
@Timeout(30)
class ClientsTest {
    private static final int EBUSY = Errno.EBUSY.number();

    private final Served served = new Served(2);
    private final Path socket = served.socket();

    @AfterEach
    void close() {
        served.close();
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(ServerThreads.running()).isEmpty());
    }

    private int refusal() {
        try (WireClient second = WireClient.connect(socket)) {
            int errno = second.version(0, 0, WireClient.CAPABILITIES).errno();
            assertThat(second.tryReceive()).as("closed").isEmpty();
            return errno;
        }
    }

    @Nested
    class SecondClient {
        @Test
        void shouldBeToldThatTheDeviceIsBusyWhileTheFirstWorksOn() {
            try (WireClient first = served.client()) {
                first.store(0, 0x40, 4, 7);
                for (int i = 0; i < 5; i++) {
                    assertThat(refusal()).isEqualTo(EBUSY);
                    assertThat(first.load(0, 0x40, 4)).isEqualTo(7);
                }
            }
            try (WireClient next = served.client()) {
                assertThat(next.load(0, 0x40, 4)).as("state is kept").isEqualTo(7);
            }
        }

        @Test
        void shouldNotWakeTheFirstsDevice() {
            try (WireClient first = served.client();
                    EventFd wakeup = EventFd.create()) {
                assertThat(first.enter(wakeup)).isZero();
                served.await(ContractState.W_S);
                assertThat(refusal()).isEqualTo(EBUSY);
                assertThat(served.contract()).isEqualTo(ContractState.W_S);
                assertThat(wakeup.drain()).isZero();
            }
        }

        /** Silence, bytes, or half of VERSION: nobody waits for it for ever, nor for its turn. */
        @Test
        void shouldNotHoldUpOthersBySayingNothing() {
            try (WireClient first = served.client()) {
                List<WireClient> silent = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    silent.add(WireClient.connect(socket));
                    silent.getLast().raw(new byte[i]);
                }
                assertThat(refusal()).isEqualTo(EBUSY);
                assertThat(first.load(0, 0, 4)).isZero();
                for (WireClient each : silent) {
                    assertThat(each.tryReceive()).as("closed after a while").isEmpty();
                    each.close();
                }
            }
        }

        @Test
        void shouldHaveItsDescriptorsClosed() {
            try (WireClient first = served.client();
                    EventFd eventFd = EventFd.create()) {
                int before = Fd.openCount();
                assertThat(refusal()).isEqualTo(EBUSY);
                for (int i = 0; i < 10; i++) {
                    try (WireClient second = WireClient.connect(socket)) {
                        Bytes version = new Bytes().u16(0).u16(0);
                        Fd[] many = new Fd[100];
                        Arrays.fill(many, eventFd.fd());
                        assertThat(second.errno(WireClient.VERSION, version, many))
                                .isEqualTo(EBUSY);
                    }
                }
                Awaitility.await()
                        .atMost(Duration.ofSeconds(5))
                        .untilAsserted(() -> assertThat(Fd.openCount()).isEqualTo(before));
                assertThat(first.load(0, 0, 4)).isZero();
            }
        }
    }

    @Nested
    class NextClient {
        @Test
        void shouldGetInRightAfterTheOneBeforeHasGone() {
            for (int i = 0; i < 200; i++) {
                try (WireClient client = served.client()) {
                    client.store(0, 0x40, 4, i);
                    if (i % 3 == 0) {
                        assertThat(client.enter()).isZero();
                    }
                }
            }
        }

        @Test
        void shouldGetInRightAfterOneThatSaidNothing() {
            for (int i = 0; i < 50; i++) {
                WireClient.connect(socket).close();
                served.client().close();
            }
        }

        @Test
        void shouldFindNothingOfTheOneBefore() {
            try (EventFd vector = EventFd.create();
                    EventFd wakeup = EventFd.create()) {
                int before;
                try (WireClient first = served.client()) {
                    before = Fd.openCount();
                    first.barFile(2).close();
                    first.errno(WireClient.SET_IRQS, WireClient.irqs(36, 2, 0, 1), vector.fd());
                    first.errno(WireClient.DMA_MAP, WireClient.map(0, 4096, 0, 3));
                    first.enter(wakeup);
                }
                try (WireClient next = served.client()) {
                    next.store(0, Probe.MESSAGE, 4, 0);
                    assertThat(vector.drain()).isZero();
                    assertThat(wakeup.drain()).isZero();
                    assertThat(served.device().dma().size()).isZero();
                    assertThat(served.contract()).isEqualTo(ContractState.OFF);
                    assertThat(Fd.openCount()).isEqualTo(before);
                }
            }
        }

        @Test
        void shouldNotBeKeptOutByOneThatNeverSaysVersion() {
            try (HostedDevice device =
                            new HostedDevice(new Probe(), HostOptions.system(served.loop));
                    LogLines log = new LogLines()) {
                UnixStream[] pair = UnixStream.pair();
                Session session = new Session(pair[0], device, "test", Duration.ofMillis(50));
                session.start();
                session.join(Duration.ofSeconds(5));
                assertThat(session.isAlive()).isFalse();
                assertThat(pair[1].peerClosed()).isTrue();
                assertThat(log.lines())
                        .containsExactly(
                                "WARNING test: connection closed: no complete frame came in time,"
                                        + " only 0 bytes");
                pair[1].close();
            }
        }
    }

    /** Whatever one client does, the other device and its client do not notice. */
    @Nested
    class Wedged {
        private final WireClient wedged = WireClient.open(served.sockets.get(0));
        private final WireClient other = WireClient.open(served.sockets.get(1));

        @AfterEach
        void closeBoth() {
            wedged.close();
            other.close();
        }

        private void assertOtherWorks() {
            try (EventFd wakeup = EventFd.create()) {
                for (int i = 0; i < 20; i++) {
                    other.store(0, 0x40, 4, i);
                    assertThat(other.load(0, 0x40, 4)).isEqualTo(i);
                }
                assertThat(other.enter(wakeup)).isZero();
                Awaitility.await()
                        .atMost(Duration.ofSeconds(5))
                        .until(() ->
                                served.devices.get(1).power().contractState() == ContractState.W_S);
                assertThat(other.exit()).isZero();
                assertThat(wakeup.drain()).isEqualTo(1);
            }
        }

        private void assertServerEndsSoon() {
            long start = System.nanoTime();
            served.server.close();
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isLessThan(Duration.ofSeconds(3));
            assertThat(other.tryReceive()).as("told by its end").isEmpty();
        }

        @Test
        void shouldNotMatterThatAClientDoesNotReadItsReplies() {
            for (int i = 0; i < 8; i++) {
                wedged.send(WireClient.REGION_READ, 0, WireClient.access(1, 0, 1 << 20));
            }
            assertOtherWorks();
            assertServerEndsSoon();
        }

        @Test
        void shouldNotMatterThatAClientDoesNotAnswerWithinARegisterWrite() {
            wedged.call(WireClient.DMA_MAP, WireClient.map(0, 4096, 0, 3));
            wedged.write(0, Probe.IOVA, new Bytes().u64(0).u32(4).u32(1).toArray());
            Bytes go = WireClient.access(0, Probe.GO, 4).u32(Probe.READ_HERE);
            wedged.send(WireClient.REGION_WRITE, 0, go);
            assertThat(wedged.receive().command()).isEqualTo(WireClient.DMA_READ);
            assertOtherWorks();
            assertServerEndsSoon();
        }

        @Test
        void shouldNotMatterThatAClientDoesNotAnswerTheDevicesThread() {
            wedged.call(WireClient.DMA_MAP, WireClient.map(0, 4096, 0, 3));
            wedged.write(0, Probe.IOVA, new Bytes().u64(0).u32(4).u32(1).toArray());
            wedged.send(
                    WireClient.REGION_WRITE,
                    0,
                    WireClient.access(0, Probe.GO, 4).u32(Probe.READ_THERE));
            // The reply and the device's message come in either order.
            assertThat(List.of(wedged.receive().command(), wedged.receive().command()))
                    .containsExactlyInAnyOrder(WireClient.REGION_WRITE, WireClient.DMA_READ);
            assertOtherWorks();
            assertServerEndsSoon();
        }

        @Test
        void shouldNotMatterThatAModelHangs() {
            wedged.send(WireClient.REGION_WRITE, 0, WireClient.access(0, Probe.WAIT, 4).u32(1));
            assertOtherWorks();
            served.model().permits.release();
            assertThat(wedged.receive().isError()).isFalse();
            assertServerEndsSoon();
        }

        @Test
        void shouldEndThoughAClientIsInTheMiddleOfAFrame() {
            wedged.raw(new byte[] {1, 0, 9, 0, 32, 0});
            assertOtherWorks();
            assertServerEndsSoon();
        }
    }

    @Nested
    class Sockets {
        @Test
        void shouldBelongToTheirUserAlone() throws Exception {
            for (String suffix : List.of("", ".ctl")) {
                assertThat(
                                PosixFilePermissions.toString(
                                        Files.getPosixFilePermissions(Path.of(socket + suffix))))
                        .isEqualTo("rw-------");
            }
        }

        @Test
        void shouldGoWithTheirService() {
            served.services.getFirst().close();
            assertThat(socket).doesNotExist();
            assertThat(Path.of(socket + ".ctl")).doesNotExist();
            assertThat(served.sockets.get(1)).exists();
            WireClient.open(served.sockets.get(1)).close();
            served.services.getFirst().close();
        }

        @Test
        void shouldNotBeTakenFromALiveServer() {
            try (VfioUserServer another = new VfioUserServer();
                    HostedDevice device =
                            new HostedDevice(new Probe(), HostOptions.system(served.loop))) {
                assertThatExceptionOfType(LinuxException.class)
                        .isThrownBy(() -> another.serve(socket, device))
                        .satisfies(it -> assertThat(it.errno()).isEqualTo(Errno.EADDRINUSE));
                // The device is still the caller's, and can be served elsewhere.
                Path elsewhere = served.directory.resolve("elsewhere");
                another.serve(elsewhere, device);
                WireClient.open(elsewhere).close();
            }
            served.client().close();
        }

        @Test
        void shouldComeTogetherOrNotAtAll() throws Exception {
            Path mine = served.directory.resolve("mine");
            Path control = Path.of(mine + ".ctl");
            Files.createFile(control);
            try (HostedDevice device =
                    new HostedDevice(new Probe(), HostOptions.system(served.loop))) {
                assertThatExceptionOfType(LinuxException.class)
                        .isThrownBy(() -> served.server.serve(mine, device));
                assertThat(mine).doesNotExist();
                assertThat(control).as("not ours").exists();
            }
            Files.delete(control);
        }

        @ParameterizedTest
        @ValueSource(strings = {"no/such/directory", "a-name-that-is-far-too-long-for-a-socket"})
        void shouldFailWithTheErrnoOfBind(String name) {
            Path path = served.directory.resolve(name.repeat(name.startsWith("a") ? 3 : 1));
            try (HostedDevice device =
                    new HostedDevice(new Probe(), HostOptions.system(served.loop))) {
                assertThatExceptionOfType(LinuxException.class)
                        .isThrownBy(() -> served.server.serve(path, device))
                        .satisfies(it ->
                                assertThat(it.errno()).isIn(Errno.ENOENT, Errno.ENAMETOOLONG));
            }
        }

        @Test
        void shouldReplaceThoseOfAServerThatWasKilled() {
            Path stale = served.directory.resolve("stale");
            Descriptors.staleSocket(stale);
            assertThat(stale).exists();
            try (HostedDevice device =
                    new HostedDevice(new Probe(), HostOptions.system(served.loop))) {
                DeviceService service = served.server.serve(stale, device);
                WireClient.open(stale).close();
                assertThat(service.socket()).isEqualTo(stale);
                assertThat(service.device()).isSameAs(device);
            }
        }
    }
}
