/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Waiting for many: each one that is ready, as long as it is, and nobody who was removed. */
@Timeout(20)
class PollerTest {
    private static final Duration LONG = Duration.ofSeconds(15);

    private final List<Object> ready = new ArrayList<>();
    private int before;
    private Poller poller;

    @BeforeEach
    void create() {
        before = Fd.openCount();
        poller = Poller.create();
    }

    @AfterEach
    void shouldLeakNothing() {
        poller.close();
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldReportWhatIsReadableAsLongAsItIs() {
        try (EventFd one = EventFd.create();
                EventFd other = EventFd.create()) {
            poller.add(one.fd(), "one");
            poller.add(other.fd(), "other");
            assertThat(poller.wait(Duration.ZERO, ready::add)).isZero();
            assertThat(poller.wait(Duration.ofMillis(2), ready::add)).isZero();
            one.signal();
            assertThat(poller.wait(LONG, ready::add)).isEqualTo(1);
            assertThat(poller.wait(LONG, ready::add)).isEqualTo(1);
            other.signal();
            assertThat(poller.wait(LONG, ready::add)).isEqualTo(2);
            one.drain();
            assertThat(poller.wait(LONG, ready::add)).isEqualTo(1);
            assertThat(ready).startsWith("one", "one").endsWith("other").hasSize(5);
            poller.remove(one.fd());
            poller.remove(other.fd());
        }
    }

    @Test
    void shouldReportAHangup() {
        UnixStream[] pair = UnixStream.pair();
        poller.add(pair[0].fd(), pair[0]);
        pair[1].close();
        assertThat(poller.wait(LONG, ready::add)).isEqualTo(1);
        assertThat(ready).containsExactly(pair[0]);
        poller.remove(pair[0].fd());
        pair[0].close();
    }

    @Test
    void shouldReportMoreThanOneBatch() {
        List<EventFd> events = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            EventFd event = EventFd.create();
            events.add(event);
            poller.add(event.fd(), event);
            event.signal();
        }
        int reported = 0;
        while (reported < 150) {
            reported += poller.wait(LONG, event -> ((EventFd) event).drain());
        }
        assertThat(poller.wait(Duration.ZERO, ready::add)).isZero();
        for (EventFd event : events) {
            poller.remove(event.fd());
            event.close();
        }
    }

    @Test
    void shouldNotReportWhatAnEarlierCallbackRemoved() {
        try (EventFd one = EventFd.create();
                EventFd other = EventFd.create();
                EventFd third = EventFd.create()) {
            poller.add(one.fd(), "one");
            poller.add(other.fd(), "other");
            one.signal();
            other.signal();
            third.signal();
            assertThat(
                            poller.wait(
                                    LONG,
                                    attachment -> {
                                        ready.add(attachment);
                                        poller.remove(one.fd());
                                        poller.remove(other.fd());
                                        // Takes the slot of one of them.
                                        poller.add(third.fd(), "third");
                                    }))
                    .isEqualTo(1);
            assertThat(ready).hasSize(1).doesNotContain("third");
            poller.remove(third.fd());
            poller.remove(third.fd());
        }
    }

    @Test
    void shouldReturnOnWakeup() throws Exception {
        poller.wakeup();
        assertThat(poller.wait(LONG, ready::add)).isZero();
        CompletableFuture<Integer> waiting =
                CompletableFuture.supplyAsync(() -> poller.wait(LONG, ready::add));
        poller.wakeup();
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isZero();
        assertThat(ready).isEmpty();
    }

    @Test
    void shouldReturnOnCloseAndFreeOnlyThen() throws Exception {
        CompletableFuture<Integer> waiting =
                CompletableFuture.supplyAsync(() -> poller.wait(LONG, ready::add));
        Awaitility.await().until(() -> poller.users() > 0);
        poller.close();
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isZero();
        assertThatThrownBy(() -> poller.wait(LONG, ready::add))
                .isInstanceOf(IllegalStateException.class);
        poller.wakeup();
    }

    @Test
    void shouldRefuseWhatCannotBeWaitedFor() {
        try (Fd directory = Fd.open(Path.of("/"), false);
                EventFd event = EventFd.create()) {
            assertThatThrownBy(() -> poller.add(directory, "directory"))
                    .isInstanceOfSatisfying(
                            LinuxException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
            poller.add(event.fd(), "event");
            assertThatThrownBy(() -> poller.add(event.fd(), "again"))
                    .isInstanceOf(IllegalArgumentException.class);
            poller.remove(event.fd());
        }
    }
}
