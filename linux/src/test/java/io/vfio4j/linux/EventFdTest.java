/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Signals: counted, never blocking, and never sent into a file that is no eventfd. */
@Timeout(20)
class EventFdTest {
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_PATH = 0x200000;
    private static final int EFD_SEMAPHORE = 1;

    private int before;

    @BeforeEach
    void count() {
        before = Fd.openCount();
    }

    @AfterEach
    void shouldLeakNothing() {
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldCountSignals() {
        try (EventFd event = EventFd.create()) {
            assertThat(event.drain()).isZero();
            event.signal();
            event.signal();
            assertThat(event.drain()).isEqualTo(2);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void shouldWaitForASignalAndLeaveItThere() throws Exception {
        try (EventFd event = EventFd.create()) {
            assertThat(event.await(Duration.ofMillis(1))).isFalse();
            assertThat(event.await(Duration.ofMillis(-5))).isFalse();
            CompletableFuture<Boolean> waiting =
                    CompletableFuture.supplyAsync(() -> event.await(Duration.ofDays(100_000_000)));
            Awaitility.await().until(() -> event.fd().users() > 0);
            event.signal();
            assertThat(waiting.get(10, TimeUnit.SECONDS)).isTrue();
            assertThat(event.await(Duration.ZERO)).isTrue();
            assertThat(event.drain()).isEqualTo(1);
        }
    }

    @Test
    void shouldNotBlockOnAFullOrEmptyCounterThatSomeoneMadeBlocking() {
        try (EventFd event = EventFd.create()) {
            int number = event.fd().number();
            assertThat(Libc.fcntl(number, F_SETFL, 0)).isZero();
            assertThat(Libc.fcntl(number, F_GETFL, 0) & 0x800).isZero();

            assertThat(event.drain()).isZero();
            fill(number);
            event.signal();
            assertThat(event.drain()).isEqualTo(-2);
        }
    }

    @Test
    void shouldNotBlockOnAFullCounter() {
        try (EventFd event = EventFd.create()) {
            fill(event.fd().number());
            event.signal();
            assertThat(event.await(Duration.ZERO)).isTrue();
            assertThat(event.drain()).isEqualTo(-2);
        }
    }

    @Test
    void shouldAddAsMuchAsThereIsRoomFor() {
        try (EventFd event = EventFd.create(5, false)) {
            assertThat(event.add(-7)).isTrue();
            assertThat(event.add(1)).isFalse();
            assertThat(event.drain()).isEqualTo(-2);
        }
    }

    @Test
    void shouldMakeASemaphore() {
        try (EventFd event = EventFd.create(2, true)) {
            assertThat(event.drain()).isEqualTo(1);
            assertThat(event.drain()).isEqualTo(1);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void shouldTellADescriptorOfAPathOnly() {
        try (Fd path = Fd.openPathOnly(Path.of("/dev/null"));
                Fd file = Fd.open(Path.of("/dev/null"), true)) {
            assertThat(EventFd.isPathOnly(path)).isTrue();
            assertThat(EventFd.isPathOnly(file)).isFalse();
        }
    }

    @Test
    void shouldAdoptWhatAnotherMade() {
        Fd foreign = Fd.own(Libc.eventfd(3, EFD_SEMAPHORE));
        try (EventFd event = EventFd.adopt(foreign)) {
            event.signal();
            assertThat(event.drain()).isEqualTo(1);
            assertThat(event.drain()).isEqualTo(1);
        }
        assertThat(foreign.isOpen()).isFalse();
    }

    /** Descriptors of every kind but the right one. */
    enum Other {
        DEVICE,
        DIRECTORY,
        MEMORY_FILE_OF_THAT_NAME,
        SOCKET,
        EPOLL,
        EVENTFD_OPENED_AS_A_PATH;

        Fd open() {
            return switch (this) {
                case DEVICE -> Fd.open(Path.of("/dev/null"), true);
                case DIRECTORY -> Fd.open(Path.of("/"), false);
                case MEMORY_FILE_OF_THAT_NAME -> MemFd.create("anon_inode:[eventfd]", 8).fd();
                case SOCKET -> Fd.own(Libc.socket(1, 1, 0));
                case EPOLL -> Fd.own(Libc.epollCreate(0));
                case EVENTFD_OPENED_AS_A_PATH -> {
                    try (EventFd event = EventFd.create();
                            Arena arena = Arena.ofConfined()) {
                        Path path = Path.of("/proc/self/fd/" + event.fd().number());
                        long name = NativePath.allocate(arena, path).address();
                        yield Fd.own(Libc.open(name, O_PATH));
                    }
                }
            };
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseAndCloseWhatIsNotAnEventFd(Other other) {
        Fd fd = other.open();
        assertThat(EventFd.isEventFd(fd)).isFalse();
        assertThatThrownBy(() -> EventFd.adopt(fd))
                .isInstanceOfSatisfying(
                        LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL))
                .hasMessageContaining("is not an eventfd");
        assertThat(fd.isOpen()).isFalse();
    }

    @Test
    void shouldRefuseUseAfterClose() {
        EventFd event = EventFd.create();
        event.close();
        event.close();
        assertThatThrownBy(event::signal).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(event::drain).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> EventFd.adopt(event.fd()))
                .isInstanceOf(IllegalStateException.class);
    }

    private static void fill(int number) {
        Scratch scratch = Scratch.ofThread();
        // The largest value that a counter takes.
        scratch.putLong(0, -2);
        assertThat(Libc.write(number, scratch.address(), 8)).isEqualTo(8);
    }

    /**
     * The other holder drains or fills a blocking counter in the instant between a question and an
     * act: what a poll before each call cannot exclude.
     */
    @Test
    void shouldNeverWaitForAnotherHolderOfABlockingCounter() {
        try (EventFd theirs = EventFd.create();
                EventFd event = EventFd.adopt(theirs.fd().duplicate())) {
            assertThat(Libc.fcntl(theirs.fd().number(), F_SETFL, 0)).isZero();
            assertThat(event.drain()).isZero();
            fill(theirs.fd().number());
            for (int i = 0; i < 2_000; i++) {
                event.signal();
            }
            assertThat(event.drain()).isEqualTo(-1);
            event.signal();
            assertThat(event.drain()).isEqualTo(1);
            assertThat(event.drain()).isZero();
        }
    }

    @Test
    void shouldSignalByTheKernelsOwnHandWhereItCan() {
        try (EventFd event = EventFd.create()) {
            assertThat(Aio.signal(event.fd().number())).isTrue();
            assertThat(event.drain()).isEqualTo(1);
        }
    }
}
