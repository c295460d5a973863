/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.UnixListener;
import io.vfio4j.linux.UnixStream;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A vfio-user server that does what a test's script says, for one client. Closing waits for the
 * script's end, rethrows what it threw, and checks that no descriptor leaked on either side since
 * the server was made.
 */
final class FakeServer implements AutoCloseable {
    private static final AtomicInteger SERIAL = new AtomicInteger();

    private final int descriptors;
    private final Path path;
    private final UnixListener listener;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    /** What the server does after the client has connected. */
    @FunctionalInterface
    interface Script {
        void run(Peer client) throws Exception;
    }

    private FakeServer(Path directory) {
        warmUp();
        descriptors = Fd.openCount();
        path = directory.resolve("fake" + SERIAL.incrementAndGet() + ".sock");
        listener = UnixListener.bind(path, 0600);
    }

    /** Whatever this process opens once and for all is not a leak. */
    private static void warmUp() {
        UnixStream[] pair = UnixStream.pair();
        pair[0].close();
        pair[1].close();
        try (EventFd event = EventFd.create()) {
            assertThat(EventFd.isEventFd(event.fd())).isTrue();
        }
    }

    /** A server whose script begins with the client's VERSION. */
    static FakeServer start(Path directory, Script script) {
        FakeServer server = new FakeServer(directory);
        Thread.ofPlatform().daemon().name("fake server").start(() -> server.run(script));
        return server;
    }

    /** A server that agrees on the defaults with 16 descriptors, and then follows the script. */
    static FakeServer agreeing(Path directory, Script script) {
        return start(
                directory,
                client -> {
                    client.agree();
                    script.run(client);
                });
    }

    private void run(Script script) {
        try (UnixStream stream = listener.accept();
                Peer peer = new Peer(stream)) {
            script.run(peer);
            done.complete(null);
        } catch (Throwable t) {
            done.completeExceptionally(t);
        }
    }

    Path path() {
        return path;
    }

    VfioDevice open() {
        return open(Duration.ofSeconds(10));
    }

    VfioDevice open(Duration timeout) {
        return VfioDevice.open(
                new Target.VfioUser(path), OpenOptions.DEFAULTS.withAnswerTimeout(timeout));
    }

    /** Waits until the script has ended, and throws what it threw. */
    void join() {
        try {
            done.get(15, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("the server's script: " + e.getCause(), e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("the server's script does not end", e);
        }
    }

    @Override
    public void close() {
        try {
            join();
        } finally {
            listener.close();
        }
        org.awaitility.Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(2))
                .untilAsserted(() -> assertThat(Fd.openCount()).isEqualTo(descriptors));
    }
}
