/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The way out of the process. A command that asks for its {@link #stop} is told of SIGTERM, SIGINT
 * and SIGHUP, ends as it sees fit, and its exit code becomes the process's, where the JVM's own
 * would be 128 + the signal. A command that does not ask dies of a signal as any program does.
 */
final class ProcessEnd {
    /** Longest time that a command may take to end once it was asked to. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final int UNFINISHED = 1;

    private final Stop stop = new Stop();
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile int code = UNFINISHED;
    private boolean armed;

    /** The request to end that the process's signals are. */
    synchronized Stop stop() {
        if (!armed) {
            armed = true;
            Runtime.getRuntime().addShutdownHook(new Thread(this::shutDown, "vfio4j stop"));
        }
        return stop;
    }

    /** Ends the process, or lets the shutdown end it that a signal has begun. Does not return. */
    void exit(int exitCode) {
        code = exitCode;
        finished.countDown();
        // While a shutdown is under way this waits for ever, and the hook ends the process.
        System.exit(exitCode);
    }

    private void shutDown() {
        stop.request();
        try {
            if (!finished.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
                System.err.println("vfio4j: the command did not end in time");
            }
        } catch (InterruptedException impatient) {
            Thread.currentThread().interrupt();
        }
        // A shutdown that a signal began has that signal's exit code; only halting can give
        // another.
        Runtime.getRuntime().halt(code);
    }
}
