/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.uapi.HostEvent;

import java.lang.System.Logger.Level;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Tells one client of every change of a device's power, on a thread of its own: a client that does
 * not read must not hold the device up. One that is too far behind is dropped.
 */
final class Watcher implements AutoCloseable {
    /** Events that a client may be behind. */
    private static final int MAX_BEHIND = 4096;

    private static final System.Logger LOG = System.getLogger(Watcher.class.getName());

    private final ServedDevice.Watch watch;
    private final Consumer<String> send;
    private final Runnable drop;
    private final String name;
    private final Thread thread;
    private final BlockingQueue<HostEvent> events = new ArrayBlockingQueue<>(MAX_BEHIND);
    private final AtomicBoolean tooSlow = new AtomicBoolean();

    /**
     * Notes every change from now on.
     *
     * @param device whose
     * @param send sends a line; may block, and throws LinuxException when the client has gone
     * @param drop ends the connection
     * @param name for the log
     */
    Watcher(ServedDevice device, Consumer<String> send, Runnable drop, String name) {
        this.send = send;
        this.drop = drop;
        this.name = name;
        thread = Thread.ofPlatform().daemon().name("watch " + name).unstarted(this::tell);
        watch = device.watch(this::changed);
    }

    /** Begins to tell of them. */
    void start() {
        thread.start();
    }

    private void changed(HostEvent event) {
        if (!events.offer(event) && !tooSlow.getAndSet(true)) {
            LOG.log(Level.WARNING, "{0}: a watcher is too slow: dropped", name);
            drop.run();
        }
    }

    private void tell() {
        try {
            while (true) {
                send.accept(events.take().format());
            }
        } catch (LinuxException | IllegalStateException gone) {
            LOG.log(Level.DEBUG, "{0}: a watcher left", name);
        } catch (InterruptedException over) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the thread. A send that blocks must have been woken by its owner. */
    @Override
    public void close() {
        watch.close();
        thread.interrupt();
    }
}
