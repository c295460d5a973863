/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Any bytes, any fragments, any descriptors, and a client that is gone at any point: an errno
 * reply, or a closed connection whose reason is in the log. The server, this device and the others
 * go on, and nothing is left behind.
 */
@Timeout(60)
class HostileInputTest {
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(5);

    private final LogLines log = new LogLines();
    private final Served served = new Served(2);
    private final WireClient bystander = WireClient.open(served.sockets.get(1));
    private int openBefore;
    private int threadsBefore;

    @BeforeEach
    void warmUp() {
        served.models.forEach(model -> model.permits.release(1 << 30));
        served.client().close();
        served.awaitClosed();
        Descriptors.KINDS.forEach(kind -> Descriptors.of(kind).close());
        openBefore = Fd.openCount();
        threadsBefore = ServerThreads.running().size();
    }

    @AfterEach
    void everythingGoesOnAndNothingIsLeft() {
        bystander.store(0, 0x40, 4, 0xb157);
        assertThat(bystander.load(0, 0x40, 4)).isEqualTo(0xb157);
        try (WireClient next = served.client()) {
            next.store(1, 0, 4, 0xcafe);
            assertThat(next.load(1, 0, 4)).isEqualTo(0xcafe);
            assertThat(next.enter()).isZero();
            assertThat(next.exit()).isZero();
        }
        served.awaitClosed();
        Awaitility.await()
                .atMost(LONG_ENOUGH)
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() -> {
                    assertThat(Fd.openCount()).as("descriptors").isEqualTo(openBefore);
                    assertThat(ServerThreads.running()).hasSize(threadsBefore);
                });
        bystander.close();
        served.close();
        log.close();
        assertThat(log.lines()).as("internal errors").noneMatch(line -> line.startsWith("SEVERE"));
    }

    private void awaitLogged(String text) {
        Awaitility.await()
                .atMost(LONG_ENOUGH)
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() -> assertThat(log.lines()).anyMatch(it -> it.contains(text)));
    }

    /** A frame that cannot be one closes the connection, and the log says why. */
    @Nested
    class BrokenFraming {
        @ParameterizedTest
        @ValueSource(longs = {0, 1, 15, 1_052_673, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL})
        void shouldCloseTheConnectionForASizeThatCannotBe(long size) {
            try (WireClient client = served.client()) {
                client.raw(new Bytes().u16(1).u16(9).u32(size).u32(0).u32(0));
                assertThat(client.tryReceive()).isEmpty();
            }
            awaitLogged("connection closed: a frame of %d bytes was announced".formatted(size));
        }

        @ParameterizedTest
        @ValueSource(ints = {1, 8, 15, 16, 20, 31})
        void shouldCloseTheConnectionForAnEndWithinAFrame(int length) {
            byte[] read =
                    WireClient.frame(1, WireClient.REGION_READ, 0, WireClient.access(0, 0, 4))
                            .toArray();
            try (WireClient client = served.client()) {
                client.raw(Arrays.copyOf(read, length));
                Descriptors.shutdownSending(client.stream().fd());
                assertThat(client.tryReceive()).isEmpty();
            }
            awaitLogged("the connection ended within a frame, after %d bytes".formatted(length));
        }

        @Test
        void shouldAnswerWhatCameBefore() {
            try (WireClient client = served.client()) {
                Bytes bytes =
                        WireClient.frame(1, WireClient.REGION_READ, 0, WireClient.access(0, 0, 4))
                                .bytes(new byte[16]);
                client.raw(bytes);
                assertThat(client.receive().id()).isEqualTo(1);
                assertThat(client.tryReceive()).isEmpty();
            }
        }

        @Test
        void shouldSayWhyItRefusedAVersion() {
            try (WireClient client = WireClient.connect(served.socket())) {
                client.version(3, 0, "{}");
            }
            awaitLogged("connection closed: protocol version 3");
            try (WireClient client = WireClient.connect(served.socket())) {
                client.version(0, 0, "{nonsense");
            }
            awaitLogged("connection closed: VERSION data is not acceptable JSON");
        }
    }

    /** A client that is killed at every point of a session. */
    @Test
    void shouldSurviveAClientThatIsGoneAtAnyByte() {
        Bytes session =
                WireClient.frame(
                        0, WireClient.VERSION, 0, new Bytes().u16(0).u16(0).text("{}").u8(0));
        session.bytes(WireClient.frame(1, WireClient.DMA_MAP, 0, WireClient.map(0, 4096, 0, 3)));
        session.bytes(
                WireClient.frame(
                        2,
                        WireClient.REGION_WRITE,
                        0,
                        WireClient.access(0, Probe.IOVA, 16).u64(0).u32(8).u32(3)));
        session.bytes(
                WireClient.frame(
                        3, WireClient.FEATURE, 0, new Bytes().u32(8).u32(3 | WireClient.SET)));
        session.bytes(
                WireClient.frame(
                        4,
                        WireClient.REGION_WRITE,
                        0,
                        WireClient.access(0, Probe.GO, 4).u32(Probe.READ_HERE)));
        byte[] bytes = session.toArray();
        Random random = new Random(1);
        for (int length = 0; length <= bytes.length; length++) {
            try (WireClient client = WireClient.connect(served.socket())) {
                client.raw(Arrays.copyOf(bytes, length));
                if (random.nextInt(4) == 0) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    /** Frames whose size is right, and nothing else: each is answered, in order. */
    @Test
    void shouldAnswerEveryFrameWhateverIsInIt() {
        long seed = seed();
        Random random = new Random(seed);
        long end = System.nanoTime() + 4_000_000_000L;
        int sessions = 0;
        while (System.nanoTime() < end) {
            sessions++;
            try (WireClient client = served.client()) {
                Deque<Integer> expected = new ArrayDeque<>();
                int frames = random.nextInt(150);
                for (int i = 0; i < frames; i++) {
                    sendSomething(client, random, expected);
                    if (random.nextInt(20) == 0) {
                        assertAnswered(client, random, expected, seed);
                    }
                }
                if (random.nextInt(4) > 0) {
                    assertAnswered(client, random, expected, seed);
                }
            }
        }
        assertThat(sessions).as("seed %d", seed).isGreaterThan(3);
    }

    private static long seed() {
        return System.nanoTime() & 0xffff_ffffL;
    }

    private static void sendSomething(WireClient client, Random random, Deque<Integer> expected) {
        int command = random.nextInt(10) == 0 ? random.nextInt(0x10000) : random.nextInt(20);
        int flags =
                switch (random.nextInt(12)) {
                    case 0 -> WireClient.NO_REPLY;
                    case 1 -> WireClient.REPLY | (random.nextBoolean() ? WireClient.ERROR : 0);
                    case 2 -> 2 + random.nextInt(14);
                    case 3 -> random.nextInt() & ~0xf & ~WireClient.NO_REPLY;
                    default -> 0;
                };
        List<Fd> fds = new ArrayList<>();
        int count =
                switch (random.nextInt(20)) {
                    case 0 -> 253;
                    case 1 -> 17;
                    case 2, 3, 4, 5 -> 1 + random.nextInt(3);
                    default -> 0;
                };
        try {
            for (int i = 0; i < count; i++) {
                fds.add(
                        i < 4
                                ? Descriptors.of(
                                        Descriptors.KINDS.get(
                                                random.nextInt(Descriptors.KINDS.size())))
                                : fds.getFirst().duplicate());
            }
            int id = client.send(command, flags, payload(command, random), fds.toArray(Fd[]::new));
            boolean reply = (flags & 0xf) == WireClient.REPLY;
            if (!reply && (flags & WireClient.NO_REPLY) == 0) {
                expected.add(id);
            }
        } finally {
            fds.forEach(Fd::close);
        }
    }

    /** Anything, or what the command wants with one number or two that are wrong. */
    private static Bytes payload(int command, Random random) {
        if (random.nextInt(3) == 0) {
            byte[] noise =
                    new byte[random.nextInt(10) == 0 ? random.nextInt(5000) : random.nextInt(80)];
            random.nextBytes(noise);
            return new Bytes(noise);
        }
        return switch (command) {
            case WireClient.DMA_MAP ->
                    new Bytes()
                            .u32(small(random, 32))
                            .u32(random.nextInt(5))
                            .u64(number(random))
                            .u64(number(random))
                            .u64(number(random));
            case WireClient.DMA_UNMAP ->
                    new Bytes()
                            .u32(small(random, 24))
                            .u32(random.nextInt(4))
                            .u64(number(random))
                            .u64(number(random));
            case WireClient.SET_IRQS ->
                    new Bytes()
                            .u32(small(random, 20))
                            .u32(1 << random.nextInt(3) | 8 << random.nextInt(3))
                            .u32(random.nextInt(6))
                            .u32(number(random))
                            .u32(number(random))
                            .bytes(new byte[random.nextInt(40)]);
            case WireClient.REGION_READ ->
                    WireClient.access(random.nextInt(10), number(random), number(random));
            case WireClient.REGION_WRITE -> {
                byte[] data = new byte[random.nextInt(64)];
                random.nextBytes(data);
                // Not the registers that end the session by design.
                long offset = number(random) & ~0x300L;
                yield WireClient.access(
                                random.nextInt(10),
                                offset,
                                random.nextInt(8) == 0 ? number(random) : data.length)
                        .bytes(data);
            }
            case WireClient.WRITE_MULTI -> {
                int writes = random.nextInt(4);
                Bytes payload = new Bytes().u64(random.nextInt(8) == 0 ? number(random) : writes);
                for (int i = 0; i < writes; i++) {
                    payload.u64(number(random) & ~0x300L)
                            .u32(random.nextInt(10))
                            .u32(random.nextInt(10))
                            .u64(random.nextLong());
                }
                yield payload;
            }
            case WireClient.FEATURE ->
                    new Bytes()
                            .u32(small(random, 16))
                            .u32(random.nextInt(15) | (long) random.nextInt(8) << 16)
                            .u32(random.nextInt(3) - 1)
                            .u32(random.nextInt());
            default ->
                    new Bytes()
                            .u32(small(random, 32))
                            .u32(random.nextInt(2))
                            .u32(random.nextInt(10))
                            .u32(number(random))
                            .u64(number(random))
                            .u64(number(random));
        };
    }

    private static int small(Random random, int right) {
        return random.nextInt(4) == 0 ? random.nextInt(70) - 1 : right;
    }

    private static long number(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> Long.MAX_VALUE;
            case 3 -> random.nextLong();
            case 4 -> 1L << random.nextInt(64);
            case 5 -> random.nextInt(0x100);
            case 6 -> 4096L * random.nextInt(64);
            default -> random.nextInt(5000);
        };
    }

    /** Reads until all expected replies are there; DMA messages of the device are declined. */
    private static void assertAnswered(
            WireClient client, Random random, Deque<Integer> expected, long seed) {
        while (!expected.isEmpty()) {
            Optional<WireClient.Frame> next = client.tryReceive();
            assertThat(next).as("seed %d: closed for a frame that is none", seed).isPresent();
            WireClient.Frame frame = next.get().withoutFds();
            if (!frame.isReply()) {
                client.raw(
                        new Bytes()
                                .u16(frame.id())
                                .u16(frame.command())
                                .u32(16)
                                .u32(WireClient.REPLY | WireClient.ERROR)
                                .u32(random.nextInt(30)));
                continue;
            }
            assertThat(frame.id()).as("seed %d", seed).isEqualTo(expected.poll());
            if (frame.isError()) {
                assertThat(frame.payload().length()).as("seed %d", seed).isZero();
                assertThat(frame.errno()).as("seed %d", seed).isBetween(1, 4095);
            }
        }
    }

    /** Noise instead of frames, before VERSION and after it, with descriptors anywhere. */
    @Test
    void shouldSurviveNoise() {
        long seed = seed();
        Random random = new Random(seed);
        long end = System.nanoTime() + 2_500_000_000L;
        while (System.nanoTime() < end) {
            try (WireClient client =
                    random.nextBoolean() ? served.client() : WireClient.connect(served.socket())) {
                int pieces = 1 + random.nextInt(6);
                for (int i = 0; i < pieces; i++) {
                    byte[] noise =
                            new byte[1 + random.nextInt(random.nextInt(10) == 0 ? 9000 : 60)];
                    random.nextBytes(noise);
                    if (random.nextInt(3) > 0 && noise.length > 8) {
                        // A size that makes it wait for more, or not.
                        noise[4] = (byte) random.nextInt(64);
                        Arrays.fill(noise, 5, 8, (byte) 0);
                    }
                    if (random.nextInt(3) == 0) {
                        try (Fd fd =
                                Descriptors.of(
                                        Descriptors.KINDS.get(
                                                random.nextInt(Descriptors.KINDS.size())))) {
                            client.raw(noise, fd);
                        }
                    } else {
                        client.raw(noise);
                    }
                }
            } catch (LinuxException closed) {
                // The server has had enough of it.
                assertThat(closed.getMessage()).as("seed %d", seed).contains("send");
            }
        }
    }

    /** JSON that is cut, mixed up, repeated, nested: VERSION is answered all the same. */
    @Test
    void shouldAnswerAnyVersionData() {
        long seed = seed();
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] json = WireClient.CAPABILITIES.getBytes(StandardCharsets.UTF_8);
            for (int change = random.nextInt(5); change >= 0; change--) {
                json[random.nextInt(json.length)] = (byte) random.nextInt(256);
            }
            if (random.nextInt(3) == 0) {
                json = Arrays.copyOf(json, random.nextInt(json.length));
            }
            Bytes payload = new Bytes().u16(0).u16(0).bytes(json).u8(0);
            try (WireClient client = WireClient.connect(served.socket())) {
                WireClient.Frame reply = client.call(WireClient.VERSION, payload);
                if (reply.isError()) {
                    assertThat(reply.errno()).as("seed %d", seed).isEqualTo(22);
                    assertThat(client.tryReceive()).as("seed %d", seed).isEmpty();
                } else {
                    assertThat(client.read(7, 0, 4)).as("seed %d", seed).hasSize(4);
                }
            }
        }
    }

    /** Descriptors come back, however a frame with them goes wrong. */
    @Nested
    class ManyDescriptors {
        @ParameterizedTest
        @ValueSource(ints = {1, 16, 17, 100, 253})
        void shouldBeClosedWithEachFrameThatDoesNotTakeThem(int count) {
            try (WireClient client = served.client();
                    Fd fd = Descriptors.of("eventfd")) {
                Fd[] fds = new Fd[count];
                Arrays.fill(fds, fd);
                client.load(0, 0, 4);
                int before = Fd.openCount();
                for (int command = 0; command < 20; command++) {
                    client.errno(command, new Bytes(new byte[64]), fds);
                    assertThat(Fd.openCount()).as("command %d", command).isEqualTo(before);
                }
            }
        }

        @Test
        void shouldBeClosedWithAClientThatGoesInTheMiddleOfAFrame() {
            try (Fd fd = Descriptors.of("memfd")) {
                Fd[] fds = new Fd[253];
                Arrays.fill(fds, fd);
                for (int i = 0; i < 20; i++) {
                    try (WireClient client = served.client()) {
                        client.raw(new byte[10], fds);
                    }
                }
            }
        }
    }

    /** Resident memory, in KiB. */
    private static long resident() {
        try {
            return Files.readString(Path.of("/proc/self/status"))
                    .lines()
                    .filter(line -> line.startsWith("VmRSS"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Test
    void shouldNotGrow() {
        for (int i = 0; i < 30; i++) {
            oneFullSession();
        }
        System.gc();
        long before = resident();
        for (int i = 0; i < 100; i++) {
            oneFullSession();
        }
        System.gc();
        // A session has some 5 MiB of buffers: one in a hundred that leaked would show.
        assertThat(resident() - before).as("KiB").isLessThan(48 << 10);
    }

    private void oneFullSession() {
        try (WireClient client = served.client()) {
            client.write(1, 0, new byte[1 << 20]);
            assertThat(client.read(1, 0, 1 << 20)).hasSize(1 << 20);
            client.barFile(2).close();
            client.call(WireClient.DMA_MAP, WireClient.map(0, 4096, 0, 3));
        }
    }
}
