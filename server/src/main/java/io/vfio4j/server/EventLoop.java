/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.EventFdWatcher;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Poller;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One thread that waits for the eventfds that clients signal, for all devices of a process. It
 * sleeps in epoll: a process whose devices are idle costs nothing for it.
 */
public final class EventLoop implements EventFdWatcher, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration LONG = Duration.ofHours(1);
    private static final Duration A_LITTLE = Duration.ofMillis(100);
    private static final System.Logger LOG = System.getLogger(EventLoop.class.getName());

    private final Poller poller = Poller.create();
    private final Thread thread;
    private volatile boolean closed;

    /** Starts the thread. */
    public EventLoop() {
        thread = Thread.ofPlatform().daemon().name("vfio4j eventfds").start(this::loop);
    }

    @Override
    public Watch watch(EventFd eventFd, Runnable signalled) {
        OneWatch watch = new OneWatch(eventFd, signalled);
        poller.add(eventFd.fd(), watch);
        return watch;
    }

    private void loop() {
        while (!closed) {
            try {
                poller.wait(LONG, ready -> ((OneWatch) ready).fire());
            } catch (RuntimeException | Error failed) {
                // Every device waits here: the loop goes on, though not in a spin.
                LOG.log(Level.ERROR, "waiting for eventfds failed", failed);
                LockSupport.parkNanos(A_LITTLE.toNanos());
            }
        }
    }

    /** Ends the thread; does not wait for it longer than ten seconds. */
    @Override
    public void close() {
        closed = true;
        poller.wakeup();
        try {
            thread.join(PATIENCE);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        poller.close();
    }

    private final class OneWatch implements Watch {
        private final EventFd eventFd;
        private final Runnable signalled;
        // Held while the callback runs, so that close returns only when none does.
        private final ReentrantLock lock = new ReentrantLock();
        private boolean over;

        OneWatch(EventFd eventFd, Runnable signalled) {
            this.eventFd = eventFd;
            this.signalled = signalled;
        }

        void fire() {
            lock.lock();
            try {
                if (!over && eventFd.drain() > 0) {
                    signalled.run();
                }
            } catch (RuntimeException bug) {
                LOG.log(Level.ERROR, "an eventfd's callback failed", bug);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                if (!over) {
                    over = true;
                    poller.remove(eventFd.fd());
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
