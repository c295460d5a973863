/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.client.ConnectionLostException;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.HostWatch;
import io.vfio4j.client.Target;
import io.vfio4j.uapi.HostEvent;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What happens on the host side, kept until a command that waits for other things too looks at it.
 */
final class HostEvents implements AutoCloseable {
    private final BlockingQueue<Seen> queue = new LinkedBlockingQueue<>();
    private final HostWatch watch;

    /**
     * An event.
     *
     * @param event what happened
     * @param at when it was heard of
     * @param nanos the same in {@link System#nanoTime}
     */
    record Seen(HostEvent event, Instant at, long nanos) {}

    /** From now on. */
    HostEvents(HostSide host) {
        watch = host.watch(event -> queue.add(new Seen(event, Instant.now(), System.nanoTime())));
    }

    /** What has happened since the last time. */
    List<Seen> drain() {
        List<Seen> seen = new ArrayList<>();
        queue.drainTo(seen);
        return seen;
    }

    /** The next thing that happens; empty if nothing does within that time. */
    Optional<Seen> next(Duration atMost) {
        try {
            return Optional.ofNullable(queue.poll(atMost.toNanos(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /**
     * Why nothing more will happen: the device's server is gone, or the device itself.
     *
     * @param what the command
     * @param target the device
     */
    CommandException gone(String what, Target target) {
        Optional<RuntimeException> failure = watch.failure();
        String sentence =
                failure.isEmpty() || failure.get() instanceof ConnectionLostException
                        ? "%s %s: the device's server is gone".formatted(what, target)
                        : "%s: %s".formatted(what, failure.get().getMessage());
        return failure.isEmpty()
                ? new CommandException(sentence)
                : new CommandException(sentence, failure.get());
    }

    /** Whether the device or its server is gone: nothing more will happen. */
    boolean ended() {
        try {
            return watch.awaitEnd(Duration.ZERO);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
