/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PowerClock;
import io.vfio4j.power.Profile;
import io.vfio4j.power.Scheduler;

/**
 * What a device is hosted with; tests bring their own.
 *
 * @param scheduler runs suspends and requested resumes, after the request that caused them has been
 *     answered; may run several devices' at once
 * @param clock tells and spends time
 * @param watcher waits for the eventfds that clients signal
 * @param profile the kernel whose low-power rules hold
 */
public record HostOptions(
        Scheduler scheduler, PowerClock clock, EventFdWatcher watcher, Profile profile) {

    /**
     * Real time and threads of their own.
     *
     * @param watcher waits for eventfds
     * @return the options, with the newest kernel's rules
     */
    public static HostOptions system(EventFdWatcher watcher) {
        return new HostOptions(
                SystemScheduler.INSTANCE, SystemClock.INSTANCE, watcher, Profile.LINUX_7_3);
    }

    /** These options with another kernel's rules. */
    public HostOptions withProfile(Profile other) {
        return new HostOptions(scheduler, clock, watcher, other);
    }
}
