/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Bytes and descriptors over a connected pair: who owns what, and that nothing leaks. */
@Timeout(20)
class UnixStreamTest {
    private static final int RLIMIT_NOFILE = 7;

    @TempDir static Path directory;

    private UnixStream here;
    private UnixStream there;
    private Memory buffer;
    private FdBag bag;
    private int before;

    @BeforeEach
    void connect() {
        UnixStream[] warmUp = UnixStream.pair();
        warmUp[0].close();
        warmUp[1].close();
        before = Fd.openCount();
        UnixStream[] pair = UnixStream.pair();
        here = pair[0];
        there = pair[1];
        buffer = Memory.allocate(1 << 20);
        bag = new FdBag();
    }

    @AfterEach
    void shouldLeakNothing() {
        bag.close();
        here.close();
        there.close();
        buffer.close();
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldCarryBytes() {
        buffer.putLong(0, 0x1122334455667788L);
        here.send(buffer, 0, 8);

        assertThat(there.receive(buffer, 100, 50, bag)).isEqualTo(8);
        assertThat(buffer.getLong(100)).isEqualTo(0x1122334455667788L);
        assertThat(bag.count()).isZero();
        assertThat(bag.truncated()).isFalse();
    }

    @Test
    void shouldReportTheEndAsZero() {
        here.close();
        assertThat(there.receive(buffer, 0, 1, bag)).isZero();
    }

    @Test
    void shouldReportAResetAsAnError() {
        there.send(buffer, 0, 1);
        here.close();
        assertThatThrownBy(() -> there.receive(buffer, 0, 1, bag))
                .isInstanceOfSatisfying(
                        LinuxException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ECONNRESET))
                .hasMessage("recvmsg: ECONNRESET (connection reset by peer)");
    }

    @Test
    void shouldReportABrokenPipeAsAnErrorAndNotAsASignal() {
        there.close();
        assertThatThrownBy(() -> here.send(buffer, 0, 1))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
    }

    @Test
    void shouldGiveUpReceivingAndSendingAfterTheTimeout() {
        here.timeout(Duration.ofMillis(20));

        assertThatThrownBy(() -> here.receive(buffer, 0, 1, bag))
                .isInstanceOfSatisfying(
                        LinuxException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
        assertThatThrownBy(() -> here.send(buffer, 0, (int) buffer.size()))
                .isInstanceOfSatisfying(
                        LinuxException.class,
                        e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
    }

    @Test
    void shouldGiveUpConnectingAfterTheTimeout() {
        Path path = directory.resolve("full.sock");
        List<UnixStream> queued = new ArrayList<>();
        try (UnixListener _ = UnixListener.bind(path, 0600)) {
            assertThatThrownBy(
                            () -> {
                                while (true) {
                                    queued.add(UnixStream.connect(path, Duration.ofMillis(20)));
                                }
                            })
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.ETIMEDOUT));
        } finally {
            queued.forEach(UnixStream::close);
        }
        assertThat(queued).isNotEmpty();
    }

    @Test
    void shouldWaitForEverAgainWithoutATimeout() {
        here.timeout(Duration.ofMillis(20));
        here.timeout(Duration.ZERO);

        CompletableFuture<Integer> received =
                CompletableFuture.supplyAsync(() -> here.receive(buffer, 0, 1, bag));
        assertThatThrownBy(() -> received.get(100, TimeUnit.MILLISECONDS))
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        there.send(buffer, 0, 1);
        assertThat(received.join()).isEqualTo(1);
    }

    @Test
    void shouldSendMoreThanTheSocketHolds() {
        int length = (int) buffer.size();
        for (int i = 0; i < length; i += 4) {
            buffer.putInt(i, i);
        }
        CompletableFuture<Void> sent =
                CompletableFuture.runAsync(() -> here.send(buffer, 0, length));
        try (Memory received = Memory.allocate(length)) {
            int done = 0;
            while (done < length) {
                done += there.receive(received, done, length - done, bag);
            }
            sent.join();
            for (int i = 0; i < length; i += 4) {
                assertThat(received.getInt(i)).isEqualTo(i);
            }
        }
    }

    @Test
    void shouldSendDescriptorsWithTheFirstByteOfALongSend() {
        int length = (int) buffer.size();
        try (EventFd event = EventFd.create()) {
            CompletableFuture<Void> sent =
                    CompletableFuture.runAsync(
                            () -> here.send(buffer, 0, length, List.of(event.fd())));
            assertThat(there.receive(buffer, 0, 1, bag)).isEqualTo(1);
            assertThat(bag.count()).isEqualTo(1);
            int done = 1;
            while (done < length) {
                done += there.receive(buffer, 0, length, bag);
            }
            sent.join();
            assertThat(bag.count()).isEqualTo(1);
        }
    }

    @Test
    void shouldCarryDescriptorsThatReferToTheSameFileAndAreCloseOnExec() {
        try (EventFd sent = EventFd.create()) {
            here.send(buffer, 0, 1, List.of(sent.fd()));
            assertThat(there.receive(buffer, 0, 1, bag)).isEqualTo(1);
            try (EventFd received = EventFd.adopt(bag.take(0))) {
                assertThat(received.fd().number()).isNotEqualTo(sent.fd().number());
                received.signal();
                assertThat(sent.drain()).isEqualTo(1);
                assertThat(Libc.fcntl(received.fd().number(), 1 /* F_GETFD */, 0)).isEqualTo(1);
            }
        }
    }

    @Test
    void shouldCarryAsManyDescriptorsAsLinuxAllowsAndNoMore() {
        try (EventFd event = EventFd.create()) {
            int[] most = new int[FdBag.CAPACITY];
            Arrays.fill(most, event.fd().number());
            here.send(buffer, 0, 1, most);
            there.receive(buffer, 0, 1, bag);
            assertThat(bag.count()).isEqualTo(253);
            assertThat(bag.truncated()).isFalse();
            assertThat(Fd.openCount()).isEqualTo(before + 2 + 1 + 253);

            assertThatThrownBy(() -> here.send(buffer, 0, 1, new int[254]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void shouldCloseWhatTheBagHasNoRoomForAndSaySo() {
        try (EventFd event = EventFd.create()) {
            int[] many = new int[200];
            Arrays.fill(many, event.fd().number());
            for (int i = 0; i < 2; i++) {
                here.send(buffer, 0, 1, many);
                there.receive(buffer, 0, 1, bag);
            }
            assertThat(bag.count()).isEqualTo(253);
            assertThat(bag.truncated()).isTrue();
            assertThat(Fd.openCount()).isEqualTo(before + 2 + 1 + 253);
            bag.closeAll();
            assertThat(bag.count()).isZero();
            assertThat(bag.truncated()).isFalse();
            assertThat(Fd.openCount()).isEqualTo(before + 2 + 1);
        }
    }

    @Test
    void shouldCloseWhatNobodyTook() {
        try (EventFd event = EventFd.create()) {
            here.send(buffer, 0, 1, List.of(event.fd(), event.fd(), event.fd()));
            there.receive(buffer, 0, 1, bag);
            try (Fd taken = bag.take(1)) {
                assertThatThrownBy(() -> bag.take(1)).isInstanceOf(IllegalStateException.class);
                bag.closeAll();
                assertThat(taken.isOpen()).isTrue();
                assertThat(Fd.openCount()).isEqualTo(before + 2 + 1 + 1);
            }
            assertThatThrownBy(() -> bag.take(0)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void shouldKeepWhatFitsWhenTheControlBufferIsTooSmall() {
        // Room for the header and three descriptors.
        UnixStream cramped = UnixStream.adopt(there.fd().duplicate(), 16 + 12);
        try (cramped;
                EventFd event = EventFd.create()) {
            here.send(buffer, 0, 1, List.of(event.fd(), event.fd(), event.fd(), event.fd()));
            assertThat(cramped.receive(buffer, 0, 1, bag)).isEqualTo(1);
            assertThat(bag.truncated()).isTrue();
            assertThat(bag.count()).isEqualTo(3);
            assertThat(Fd.openCount()).isEqualTo(before + 2 + 2 + 3);
            for (int i = 0; i < 3; i++) {
                EventFd.adopt(bag.take(i)).close();
            }
        }
    }

    @Test
    void shouldSaySoWhenTheProcessMayNotHaveMoreDescriptors() {
        try (EventFd event = EventFd.create();
                Memory limits = Memory.allocate(32)) {
            here.send(buffer, 0, 1, List.of(event.fd(), event.fd()));
            // The two lowest free numbers: the limit leaves room for the first only.
            int first;
            int second;
            try (Fd one = event.fd().duplicate();
                    Fd two = event.fd().duplicate()) {
                first = one.number();
                second = two.number();
            }
            Libc.check(Libc.prlimit(0, RLIMIT_NOFILE, 0, limits.address()), "prlimit", "");
            limits.putLong(16, Math.max(first, second));
            limits.putLong(24, limits.getLong(8));
            Libc.check(Libc.prlimit(0, RLIMIT_NOFILE, limits.address() + 16, 0), "prlimit", "");
            int received;
            try {
                received = there.receive(buffer, 0, 1, bag);
            } finally {
                Libc.check(Libc.prlimit(0, RLIMIT_NOFILE, limits.address(), 0), "prlimit", "");
            }
            assertThat(received).isEqualTo(1);
            assertThat(bag.count()).isEqualTo(1);
            assertThat(bag.truncated()).isTrue();
        }
    }

    @Test
    void shouldAdoptDescriptorsThatComeBesideControlMessagesOfOtherKinds() {
        // SO_PASSCRED: each message then carries SCM_CREDENTIALS as well.
        Scratch.ofThread().putInt(0, 1);
        long one = Scratch.ofThread().address();
        assertThat(Libc.setsockopt(there.fd().number(), 1, 16, one, 4)).isZero();
        try (EventFd event = EventFd.create()) {
            here.send(buffer, 0, 1, List.of(event.fd(), event.fd()));
            there.receive(buffer, 0, 1, bag);
            assertThat(bag.count()).isEqualTo(2);
            assertThat(bag.truncated()).isFalse();
        }
    }

    @Test
    void shouldLoseNoDescriptorThatIsStillUnderWayWhenTheStreamCloses() {
        try (EventFd event = EventFd.create()) {
            here.send(buffer, 0, 1, List.of(event.fd()));
            there.close();
            here.close();
        }
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldLoseNoDescriptorWhenThereIsNowhereToReceive() {
        Memory closed = Memory.allocate(8);
        closed.close();
        try (EventFd event = EventFd.create()) {
            here.send(buffer, 0, 1, List.of(event.fd()));
            assertThatThrownBy(() -> there.receive(closed, 0, 8, bag))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(there.receive(buffer, 0, 8, bag)).isEqualTo(1);
            assertThat(bag.count()).isEqualTo(1);
        }
    }

    @Test
    void shouldSendNothingIfADescriptorIsClosed() {
        EventFd closed = EventFd.create();
        closed.close();
        try (EventFd event = EventFd.create()) {
            assertThatThrownBy(() -> here.send(buffer, 0, 1, List.of(event.fd(), closed.fd())))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(event.fd().users()).isZero();
            assertThat(there.tryReceive(buffer, 0, 8, bag)).isEqualTo(-1);
        }
    }

    @Test
    void shouldNotWaitWhenTrying() {
        assertThat(there.tryReceive(buffer, 0, 8, bag)).isEqualTo(-1);
        here.send(buffer, 0, 3);
        assertThat(there.tryReceive(buffer, 0, 8, bag)).isEqualTo(3);
    }

    @Test
    void shouldWaitOnANonBlockingSocketToo() {
        int number = there.fd().number();
        Libc.fcntl(number, 4 /* F_SETFL */, 0x800 /* O_NONBLOCK */);
        CompletableFuture<Integer> received =
                CompletableFuture.supplyAsync(() -> there.receive(buffer, 0, 8, bag));
        here.send(buffer, 0, 5);
        assertThat(received.join()).isEqualTo(5);
    }

    @Test
    void shouldTellWhetherSomethingHasCome() {
        assertThat(there.awaitReadable(Duration.ofMillis(1))).isFalse();
        here.send(buffer, 0, 1);
        assertThat(there.awaitReadable(Duration.ofSeconds(10))).isTrue();
        there.receive(buffer, 0, 1, bag);
        assertThat(there.awaitReadable(Duration.ZERO)).isFalse();
        here.close();
        assertThat(there.awaitReadable(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void shouldTellThatThePeerHasHungUpThoughItsBytesStillWait() {
        here.send(buffer, 0, 3);
        assertThat(there.peerClosed()).isFalse();
        here.close();
        assertThat(there.peerClosed()).isTrue();
        assertThat(there.receive(buffer, 0, 8, bag)).isEqualTo(3);
        assertThat(there.peerClosed()).isTrue();
    }

    @Test
    void shouldWakeABlockedReceiveByShutdown() throws Exception {
        CompletableFuture<Integer> received = receiveInAnotherThread();
        there.shutdown();
        assertThat(received.get(10, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void shouldWakeABlockedReceiveByCloseAndGiveTheNumberBackOnlyThen() throws Exception {
        CompletableFuture<Integer> received = receiveInAnotherThread();
        there.close();
        assertThat(received.get(10, TimeUnit.SECONDS)).isZero();
        assertThatThrownBy(() -> there.receive(buffer, 0, 1, bag))
                .isInstanceOf(IllegalStateException.class);
        Awaitility.await().until(() -> Fd.openCount() == before + 1);
    }

    @Test
    void shouldNotEndTheConnectionOfADuplicateWhenClosedIdle() {
        try (UnixStream duplicate = UnixStream.adopt(there.fd().duplicate())) {
            there.close();
            here.send(buffer, 0, 1);
            assertThat(duplicate.receive(buffer, 0, 1, bag)).isEqualTo(1);
        }
    }

    @Test
    void shouldKeepABufferThatIsClosedUnderAReceive() throws Exception {
        Memory own = Memory.allocate(4096);
        CompletableFuture<Integer> received = new CompletableFuture<>();
        Thread receiver =
                Thread.ofPlatform()
                        .start(() -> received.complete(there.receive(own, 0, 4096, bag)));
        awaitBlocked(there.fd());
        own.close();
        here.send(buffer, 0, 4096);
        assertThat(received.get(10, TimeUnit.SECONDS)).isEqualTo(4096);
        receiver.join();
        assertThatThrownBy(() -> own.getByte(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldNotMixTheSendsOfTwoThreads() {
        int rounds = 200;
        int length = 40_000;
        List<CompletableFuture<Void>> senders = new ArrayList<>();
        for (int s = 1; s <= 2; s++) {
            byte letter = (byte) s;
            senders.add(
                    CompletableFuture.runAsync(() -> {
                        try (Memory own = Memory.allocate(length)) {
                            own.fill(0, length, letter);
                            for (int i = 0; i < rounds; i++) {
                                here.send(own, 0, length);
                            }
                        }
                    }));
        }
        for (int i = 0; i < 2 * rounds; i++) {
            int done = 0;
            while (done < length) {
                done += there.receive(buffer, done, length - done, bag);
            }
            byte first = buffer.getByte(0);
            for (int at = 0; at < length; at += 100) {
                assertThat(buffer.getByte(at)).isEqualTo(first);
            }
        }
        senders.forEach(CompletableFuture::join);
    }

    @Test
    void shouldKnowItsPeer() {
        assertThat(here.peerPid()).isEqualTo((int) ProcessHandle.current().pid());
        assertThat(here.peerUid()).isNotNegative();
    }

    @Test
    void shouldRefuseRangesOutsideTheBuffer() {
        assertThatThrownBy(() -> there.receive(buffer, buffer.size() - 1, 2, bag))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> there.receive(buffer, 0, 0, bag))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> here.send(buffer, -1, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> here.send(buffer, 0, 0, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private CompletableFuture<Integer> receiveInAnotherThread() {
        CompletableFuture<Integer> received = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> received.complete(there.receive(buffer, 0, 1, bag)));
        awaitBlocked(there.fd());
        return received;
    }

    /** Waits until some thread is inside a call on the descriptor. */
    private static void awaitBlocked(Fd fd) {
        Awaitility.await().until(() -> fd.users() > 0);
    }
}
