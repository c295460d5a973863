/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.power.PowerClock;
import io.vfio4j.power.Profile;
import io.vfio4j.power.Scheduler;

import java.util.function.UnaryOperator;

/**
 * What a device is hosted with; tests bring their own.
 *
 * @param scheduler runs suspends and requested resumes, after the request that caused them has been
 *     answered; may run several devices' at once
 * @param clock tells and spends time
 * @param watcher waits for the eventfds that clients signal
 * @param profile the kernel whose low-power rules hold
 * @param power what becomes of the power management that the device's author has declared
 */
public record HostOptions(
        Scheduler scheduler,
        PowerClock clock,
        EventFdWatcher watcher,
        Profile profile,
        UnaryOperator<PowerManagement> power) {

    /** The device as its author has declared it. */
    public HostOptions(
            Scheduler scheduler, PowerClock clock, EventFdWatcher watcher, Profile profile) {
        this(scheduler, clock, watcher, profile, UnaryOperator.identity());
    }

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
        return new HostOptions(scheduler, clock, watcher, other, power);
    }

    /**
     * These options, with another power management than the device's author has declared: to see
     * how drivers fare with it.
     *
     * @param change gets what was declared, if the device has a PM capability at all
     */
    public HostOptions withPower(UnaryOperator<PowerManagement> change) {
        return new HostOptions(scheduler, clock, watcher, profile, change);
    }
}
