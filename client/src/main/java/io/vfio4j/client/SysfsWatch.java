/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.HostEvent;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** A thread that looks at a device's power again and again, and tells what has changed. */
final class SysfsWatch implements HostWatch {
    private final SysfsPci pci;
    private final SysfsPowerFiles files;
    private final Duration interval;
    private final Consumer<HostEvent> listener;
    private final Thread thread;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

    private SysfsWatch(
            SysfsPci pci, SysfsPowerFiles files, Duration interval, Consumer<HostEvent> listener) {
        this.pci = pci;
        this.files = files;
        this.interval = interval;
        this.listener = listener;
        // This look is the caller's: whatever happens after it has returned is told.
        SysfsPower first = SysfsPower.first(files);
        thread = Thread.ofPlatform().daemon().name("vfio4j-host-watch").unstarted(() -> run(first));
    }

    static SysfsWatch start(SysfsPci pci, Duration interval, Consumer<HostEvent> listener) {
        SysfsPowerFiles files = new SysfsPowerFiles(pci);
        try {
            SysfsWatch watch = new SysfsWatch(pci, files, interval, listener);
            watch.thread.start();
            return watch;
        } catch (RuntimeException refused) {
            files.close();
            throw refused;
        }
    }

    private void run(SysfsPower first) {
        try (files) {
            SysfsPower before = first;
            while (!closing.await(interval.toNanos(), TimeUnit.NANOSECONDS)) {
                SysfsPower now = before.next(files);
                for (HostEvent event : now.since(before)) {
                    if (closing.getCount() != 0) {
                        listener.accept(event);
                    }
                }
                before = now;
            }
        } catch (RuntimeException e) {
            if (closing.getCount() != 0) {
                failure.set(e);
            }
        } catch (InterruptedException e) {
            // Nobody but the listener can interrupt this thread: it ends the watch.
            failure.set(new IllegalStateException("the watch of " + pci + " was interrupted", e));
        } finally {
            ended.countDown();
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
        closing.countDown();
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
