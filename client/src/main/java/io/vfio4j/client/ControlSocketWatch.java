/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.HostEvent;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A thread that reads events from a connection of its own and tells them. */
final class ControlSocketWatch implements HostWatch {
    private final HostConnection connection;
    private final Consumer<HostEvent> listener;
    private final Thread thread;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
    private volatile boolean closed;

    private ControlSocketWatch(HostConnection connection, Consumer<HostEvent> listener) {
        this.connection = connection;
        this.listener = listener;
        thread = Thread.ofPlatform().daemon().name("vfio4j-host-watch").unstarted(this::run);
    }

    static ControlSocketWatch start(HostConnection connection, Consumer<HostEvent> listener) {
        ControlSocketWatch watch = new ControlSocketWatch(connection, listener);
        watch.thread.start();
        return watch;
    }

    private void run() {
        try {
            while (!closed) {
                HostEvent event = parse(connection.nextLine());
                if (!closed) {
                    listener.accept(event);
                }
            }
        } catch (RuntimeException e) {
            if (!closed) {
                failure.set(e);
            }
        } finally {
            connection.close();
            ended.countDown();
        }
    }

    private HostEvent parse(String line) {
        try {
            return HostEvent.parse(line);
        } catch (IllegalArgumentException malformed) {
            throw connection.violation(String.valueOf(malformed.getMessage()));
        }
    }

    @Override
    public boolean awaitEnd(Duration timeout) throws InterruptedException {
        return ended.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public Optional<RuntimeException> failure() {
        return Optional.ofNullable(failure.get());
    }

    @Override
    public void close() {
        closed = true;
        connection.interrupt();
        if (Thread.currentThread().equals(thread)) {
            return;
        }
        boolean interrupted = false;
        while (true) {
            try {
                ended.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
