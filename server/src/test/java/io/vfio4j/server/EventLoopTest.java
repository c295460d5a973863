/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.device.EventFdWatcher;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** The one thread that waits for the eventfds of all devices. */
@Timeout(20)
class EventLoopTest {
    private final EventLoop loop = new EventLoop();
    private final EventFd eventFd = EventFd.create();
    private final AtomicInteger calls = new AtomicInteger();

    @AfterEach
    void close() {
        loop.close();
        eventFd.close();
        assertThat(ServerThreads.running("vfio4j eventfds")).isEmpty();
    }

    private void awaitCalls(int count) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(1))
                .until(() -> calls.get() == count);
    }

    @Test
    void shouldCallBackForEachSignalAndDrain() {
        try (EventFdWatcher.Watch _ = loop.watch(eventFd, calls::incrementAndGet)) {
            for (int i = 1; i <= 100; i++) {
                eventFd.signal();
                awaitCalls(i);
                assertThat(eventFd.await(Duration.ZERO)).isFalse();
            }
        }
    }

    @Test
    void shouldCallBackForWhatWasSignalledBefore() {
        eventFd.signal();
        eventFd.signal();
        try (EventFdWatcher.Watch _ = loop.watch(eventFd, calls::incrementAndGet)) {
            awaitCalls(1);
        }
    }

    @Test
    void shouldNotCallBackOnceTheWatchIsClosed() throws InterruptedException {
        for (int i = 0; i < 500; i++) {
            AtomicBoolean closed = new AtomicBoolean();
            AtomicBoolean late = new AtomicBoolean();
            EventFdWatcher.Watch watch =
                    loop.watch(eventFd, () -> late.compareAndSet(false, closed.get()));
            Thread signaller = Thread.ofPlatform().start(eventFd::signal);
            watch.close();
            closed.set(true);
            signaller.join();
            eventFd.drain();
            assertThat(late).as("round %d", i).isFalse();
            watch.close();
        }
    }

    @Test
    void shouldWaitInCloseForACallbackUnderWay() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        AtomicBoolean left = new AtomicBoolean();
        EventFdWatcher.Watch watch =
                loop.watch(
                        eventFd,
                        () -> {
                            entered.countDown();
                            try {
                                leave.await();
                            } catch (InterruptedException over) {
                                Thread.currentThread().interrupt();
                            }
                            left.set(true);
                        });
        eventFd.signal();
        entered.await();
        AtomicBoolean seen = new AtomicBoolean();
        Thread closer =
                Thread.ofPlatform()
                        .start(() -> {
                            watch.close();
                            seen.set(left.get());
                        });
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .until(() -> closer.getState() == Thread.State.WAITING);
        leave.countDown();
        closer.join();
        assertThat(seen).isTrue();
    }

    @Test
    void shouldLetACallbackCloseItsOwnWatch() {
        AtomicReference<EventFdWatcher.Watch> watch = new AtomicReference<>(() -> {});
        watch.set(
                loop.watch(
                        eventFd,
                        () -> {
                            watch.get().close();
                            calls.incrementAndGet();
                        }));
        eventFd.signal();
        awaitCalls(1);
        eventFd.signal();
        try (EventFd other = EventFd.create();
                EventFdWatcher.Watch _ = loop.watch(other, calls::incrementAndGet)) {
            other.signal();
            awaitCalls(2);
        }
    }

    @Test
    void shouldGoOnWhenACallbackFails() {
        try (LogLines log = new LogLines();
                EventFdWatcher.Watch _ =
                        loop.watch(
                                eventFd,
                                () -> {
                                    if (calls.incrementAndGet() < 3) {
                                        throw calls.get() == 1
                                                ? new IllegalStateException("broken")
                                                : new IllegalArgumentException("broken as well");
                                    }
                                })) {
            for (int i = 1; i <= 5; i++) {
                eventFd.signal();
                awaitCalls(i);
            }
            assertThat(log.lines()).hasSize(2).allMatch(line -> line.startsWith("SEVERE"));
        }
    }

    @Test
    void shouldWatchManyAndGiveEverythingBack() {
        int before = Fd.openCount();
        List<EventFd> eventFds = new ArrayList<>();
        List<EventFdWatcher.Watch> watches = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            EventFd each = EventFd.create();
            eventFds.add(each);
            watches.add(loop.watch(each, calls::incrementAndGet));
        }
        eventFds.forEach(EventFd::signal);
        awaitCalls(200);
        watches.forEach(EventFdWatcher.Watch::close);
        eventFds.forEach(EventFd::close);
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldTakeAWatchsCloseAfterItsOwn() {
        EventFdWatcher.Watch watch = loop.watch(eventFd, calls::incrementAndGet);
        loop.close();
        loop.close();
        watch.close();
    }
}
