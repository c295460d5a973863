/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * The workqueue on which a device idles, suspends and is resumed by request (spec B3: the suspend
 * is asynchronous, after the put has returned). Thread-safe. Work may sleep for the configured
 * delays and call {@link PowerActions}.
 */
public interface Scheduler {
    /** Queues work to run later, never within this call. The same device's work may overlap. */
    void submit(Runnable work);
}
