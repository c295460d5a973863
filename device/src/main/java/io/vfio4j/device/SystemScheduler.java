/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.Scheduler;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The workqueue of a process: threads that come when a device suspends and go when none has for a
 * while, so that a slow device holds nobody up and an idle process has none.
 */
final class SystemScheduler implements Scheduler {
    /** The process has one. */
    static final SystemScheduler INSTANCE = new SystemScheduler();

    private final ExecutorService threads =
            Executors.newCachedThreadPool(
                    work -> Thread.ofPlatform().daemon().name("vfio4j pm").unstarted(work));

    private SystemScheduler() {}

    @Override
    public void submit(Runnable work) {
        threads.execute(work);
    }
}
