/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixListener;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostLineDecoder;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The control socket: lines out, lines in, and what is not a line. */
@Timeout(20)
class HostSideTest {
    private static final AtomicInteger SERIAL = new AtomicInteger();

    @TempDir static Path directory;

    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    private final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
    private UnixListener listener;
    private Path path;
    private int descriptors;

    /** One client's connection, answered from the map; what is not there is left unanswered. */
    private final class Connection {
        private final UnixStream stream;

        Connection(UnixStream stream) {
            this.stream = stream;
        }

        void run() {
            HostLineDecoder decoder = new HostLineDecoder();
            Queue<String> lines = new ArrayDeque<>();
            try (stream;
                    Memory buffer = Memory.allocate(16384);
                    FdBag bag = new FdBag()) {
                while (true) {
                    int count = stream.receive(buffer, 0, 16384, bag);
                    if (count == 0) {
                        return;
                    }
                    byte[] bytes = new byte[count];
                    buffer.get(0, bytes, 0, count);
                    decoder.feed(bytes, 0, count, lines::add);
                    for (String line = lines.poll(); line != null; line = lines.poll()) {
                        requests.add(line);
                        String answer = answers.get(line);
                        if (answer != null) {
                            send(answer.getBytes(StandardCharsets.UTF_8));
                        }
                    }
                }
            } catch (LinuxException reset) {
                // The client left with an answer unread.
            }
        }

        void send(byte[] bytes, Fd... sent) {
            try (Memory memory = Memory.allocate(bytes.length)) {
                memory.put(0, bytes, 0, bytes.length);
                stream.send(memory, 0, bytes.length, java.util.List.of(sent));
            }
        }

        void say(String line) {
            send((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    @BeforeEach
    void listen() {
        descriptors = Fd.openCount();
        path = directory.resolve("host" + SERIAL.incrementAndGet() + ".ctl");
        listener = UnixListener.bind(path, 0600);
        Thread.ofPlatform().daemon().name("fake control socket").start(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                Connection connection = new Connection(listener.accept());
                connections.add(connection);
                Thread.ofPlatform().daemon().start(connection::run);
            }
        } catch (LinuxException closed) {
            assertThat(closed.errno()).isEqualTo(Errno.ECANCELED);
        }
    }

    @AfterEach
    void shouldLeakNothing() {
        listener.close();
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(() -> assertThat(Fd.openCount()).isLessThanOrEqualTo(descriptors));
    }

    private void answer(String request, String answer) {
        answers.put(request, answer + "\n");
    }

    @Test
    void shouldReadAndWriteAttributes() throws Exception {
        answer("read power/runtime_status", "ok suspended");
        answer("read resource", "ok 0x1 0x2\\n0x3 0x4");
        answer("write power/control on", "ok");
        try (HostSide host = HostSide.connect(path)) {
            assertThat(host.read(HostAttribute.POWER_RUNTIME_STATUS)).isEqualTo("suspended");
            assertThat(host.read(HostAttribute.RESOURCE)).isEqualTo("0x1 0x2\n0x3 0x4");
            host.write(HostAttribute.POWER_CONTROL, "on");
        }
        assertThat(requests)
                .containsExactly(
                        "read power/runtime_status", "read resource", "write power/control on");
    }

    @Test
    void shouldReadAndWriteConfigurationSpace() {
        answer("read config 0 4", "ok 3412e811");
        answer("read config 255 2", "ok ff");
        answer("write config 4 0600", "ok");
        try (HostSide host = HostSide.connect(path)) {
            assertThat(host.readConfig(0, 4)).containsExactly(0x34, 0x12, 0xe8, 0x11);
            assertThat(host.readConfig(255, 2)).as("the space ends").hasSize(1);
            host.writeConfig(4, new byte[] {6, 0});
            assertThatThrownBy(() -> host.readConfig(4095, 2))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void shouldNameWhatIsAskedMost() {
        answer("read power/runtime_usage", "ok 2");
        answer("read power/runtime_suspended_time", "ok 1234");
        answer("read power_state", "ok D3hot");
        answer("read power/control", "ok auto");
        answer("read d3cold_allowed", "ok 1");
        answer("write power/control auto", "ok");
        answer("write d3cold_allowed 0", "ok");
        answer("write reset 1", "ok");
        try (HostSide host = HostSide.connect(path)) {
            assertThat(host.runtimeUsage()).isEqualTo(2);
            assertThat(host.runtimeSuspendedTime()).isEqualTo(Duration.ofMillis(1234));
            assertThat(host.powerState()).isEqualTo("D3hot");
            assertThat(host.control()).isEqualTo(RuntimeControl.AUTO);
            assertThat(host.d3coldAllowed()).isTrue();
            host.setControl(RuntimeControl.AUTO);
            host.setD3coldAllowed(false);
            host.resetFunction();
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldTellEachRuntimeStatus(RuntimeStatus status) {
        answer("read power/runtime_status", "ok " + status.sysfsName());
        try (HostSide host = HostSide.connect(path)) {
            assertThat(host.runtimeStatus()).isEqualTo(status);
        }
    }

    @Test
    void shouldNotBelieveAValueThatSysfsWouldNotHave() {
        answer("read power/runtime_status", "ok dozing");
        answer("read power/runtime_usage", "ok many");
        answer("read power/control", "ok off");
        try (HostSide host = HostSide.connect(path)) {
            assertThatThrownBy(host::runtimeStatus)
                    .hasMessage("power/runtime_status of the device says \"dozing\"");
            assertThatThrownBy(host::runtimeUsage).isInstanceOf(VfioException.class);
            assertThatThrownBy(host::control).isInstanceOf(VfioException.class);
        }
    }

    @Test
    void shouldTellTheAttributesErrorAndGoOn() {
        answer("read reset", "error 13 reset can only be written");
        answer("read power/autosuspend_delay_ms", "error 5");
        answer("read power_state", "ok D0");
        try (HostSide host = HostSide.connect(path)) {
            assertThatThrownBy(() -> host.read(HostAttribute.RESET))
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
                    .hasMessage(
                            "reading reset of the device at %s: EACCES (reset can only be written)",
                            path);
            assertThatThrownBy(() -> host.read(HostAttribute.POWER_AUTOSUSPEND_DELAY_MS))
                    .hasMessageContaining("EIO (input/output error)");
            assertThat(host.powerState()).isEqualTo("D0");
        }
    }

    @Test
    void shouldSayThatThereIsNoSuchSocket() {
        assertThatThrownBy(() -> HostSide.connect(directory.resolve("none.ctl")))
                .isInstanceOf(DeviceNotFoundException.class)
                .hasMessageContaining("no device has its control socket at");
    }

    @ParameterizedTest
    @ValueSource(strings = {"maybe", "ok \\x", "error none", "okay", "event a b"})
    void shouldEndAConnectionThatAnswersNonsense(String nonsense) {
        answer("read power_state", nonsense);
        try (HostSide host = HostSide.connect(path)) {
            assertThatThrownBy(host::powerState).isInstanceOf(ProtocolViolationException.class);
            assertThatThrownBy(host::powerState)
                    .isExactlyInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("connect again");
        }
    }

    @Test
    void shouldEndAConnectionThatGivesMoreConfigThanAskedOrNoHexadecimal() {
        answer("read config 0 1", "ok 1234");
        answer("read config 0 2", "ok xyz!");
        for (int length = 1; length <= 2; length++) {
            try (HostSide host = HostSide.connect(path)) {
                int asked = length;
                assertThatThrownBy(() -> host.readConfig(0, asked))
                        .isInstanceOf(ProtocolViolationException.class);
            }
        }
    }

    @Test
    void shouldEndAConnectionThatSendsALineWithoutEnd() {
        answers.put("read power_state", "x".repeat(20_000));
        try (HostSide host = HostSide.connect(path)) {
            assertThatThrownBy(host::powerState).isInstanceOf(ProtocolViolationException.class);
        }
    }

    @Test
    void shouldRaiseAWakeEvent() {
        answer("write signal wake", "ok");
        try (HostSide host = HostSide.connect(path)) {
            host.wakeEvent();
        }
        answer("write signal wake", "error 22 the function signals PME from D3hot, not from D0");
        try (HostSide host = HostSide.connect(path)) {
            assertThatThrownBy(host::wakeEvent)
                    .isInstanceOfSatisfying(
                            VfioException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                    .hasMessageContaining("signal of the device at " + path)
                    .hasMessageContaining("the function signals PME from D3hot, not from D0");
        }
    }

    @Test
    void shouldCloseDescriptorsThatNobodyAskedFor() throws Exception {
        try (HostSide host = HostSide.connect(path);
                EventFd gift = EventFd.create()) {
            connections.take().send("ok D0\n".getBytes(StandardCharsets.UTF_8), gift.fd());
            assertThatThrownBy(host::powerState).isInstanceOf(ProtocolViolationException.class);
        }
    }

    @Test
    void shouldNotWaitForEver() {
        try (HostSide host = ControlSocketHostSide.connect(path, Duration.ofMillis(50))) {
            assertThatThrownBy(host::powerState)
                    .isInstanceOf(DeviceTimeoutException.class)
                    .hasMessageContaining("has not answered within 0.05s");
        }
    }

    @Test
    void shouldSayThatTheServerHasGone() throws Exception {
        try (HostSide host = HostSide.connect(path)) {
            connections.take().stream.shutdown();
            assertThatThrownBy(host::powerState).isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void shouldRefuseToGoOnAfterClose() {
        HostSide host = HostSide.connect(path);
        host.close();
        host.close();
        assertThatThrownBy(host::powerState).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(
                        () -> {
                            HostWatch _ = host.watch(event -> {});
                        })
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldTellEventsInOrderUntilClosed() throws Exception {
        // Two events in one piece with the answer.
        answer("watch", "ok\nevent runtime_status suspended usage=0\nevent power_state D3hot");
        BlockingQueue<HostEvent> events = new LinkedBlockingQueue<>();
        try (HostSide host = HostSide.connect(path)) {
            HostWatch watch = host.watch(events::add);
            assertThat(events.poll(5, TimeUnit.SECONDS))
                    .isEqualTo(
                            new HostEvent(
                                    "runtime_status",
                                    "suspended",
                                    new TreeMap<>(Map.of("usage", "0"))));
            assertThat(events.poll(5, TimeUnit.SECONDS))
                    .isEqualTo(HostEvent.of("power_state", "D3hot"));
            Connection asking = connections.take();
            Connection watching = connections.take();
            watching.say("event wakeup 1");
            assertThat(events.poll(5, TimeUnit.SECONDS)).isEqualTo(HostEvent.of("wakeup", "1"));
            assertThat(watch.awaitEnd(Duration.ofMillis(1))).isFalse();

            watch.close();
            watch.close();
            assertThat(watch.awaitEnd(Duration.ZERO)).isTrue();
            assertThat(watch.failure()).isEmpty();
            asking.say("ok active");
            assertThat(host.runtimeStatus()).isEqualTo(RuntimeStatus.ACTIVE);
        }
    }

    @Test
    void shouldEndTheWatchWithTheServer() throws Exception {
        answer("watch", "ok");
        try (HostSide host = HostSide.connect(path);
                HostWatch watch = host.watch(event -> {})) {
            Connection _ = connections.take();
            connections.take().stream.shutdown();
            assertThat(watch.awaitEnd(Duration.ofSeconds(5))).isTrue();
            assertThat(watch.failure()).containsInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void shouldEndTheWatchWithTheListenersException() throws Exception {
        answer("watch", "ok\nevent a b");
        IllegalStateException thrown = new IllegalStateException("enough");
        try (HostSide host = HostSide.connect(path);
                HostWatch watch =
                        host.watch(event -> {
                            throw thrown;
                        })) {
            assertThat(watch.awaitEnd(Duration.ofSeconds(5))).isTrue();
            assertThat(watch.failure()).containsSame(thrown);
        }
    }

    @Test
    void shouldLetTheListenerCloseTheWatch() throws Exception {
        answer("watch", "ok\nevent a b\nevent a c");
        CountDownLatch started = new CountDownLatch(1);
        AtomicInteger told = new AtomicInteger();
        HostWatch[] watch = new HostWatch[1];
        try (HostSide host = HostSide.connect(path)) {
            watch[0] =
                    host.watch(event -> {
                        told.incrementAndGet();
                        awaitQuietly(started);
                        watch[0].close();
                    });
            started.countDown();
            assertThat(watch[0].awaitEnd(Duration.ofSeconds(5))).isTrue();
            assertThat(told).hasValue(1);
            assertThat(watch[0].failure()).isEmpty();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void shouldRefuseToWatchWhatCannotBeWatched() {
        answer("watch", "error 95 not here");
        try (HostSide host = HostSide.connect(path)) {
            assertThatThrownBy(
                            () -> {
                                HostWatch _ = host.watch(event -> {});
                            })
                    .isInstanceOfSatisfying(
                            VfioException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP));
        }
    }
}
