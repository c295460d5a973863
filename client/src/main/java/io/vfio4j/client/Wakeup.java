/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.EventFd;

import java.time.Duration;

/**
 * How a program learns that its device woke: given to {@link VfioDevice#enterLowPower(Wakeup)}, it
 * is signalled once, when the device, having really slept, wakes. By then the device has left low
 * power for good; it sleeps again only after another entry.
 *
 * <p><b>Whoever wakes the device signals</b>, the program itself too: while the device sleeps, any
 * request to it, a region read or write, and {@link VfioDevice#exitLowPower} as well, wakes it
 * first, and that is what this tells (spec B3). What does not wake a sleeping device signals
 * nothing: a touch of a {@link MappedBar}, an entry that is ended before the device fell asleep,
 * closing the device.
 *
 * <p>So the protocol for a program is (spec J):
 *
 * <ol>
 *   <li>set a flag "in low power", then {@code enterLowPower(wakeup)};
 *   <li>when the wakeup is signalled and the flag is set: clear the flag, {@link #drain}, serve the
 *       device; enter again when done;
 *   <li>to leave on one's own: clear the flag <em>first</em>, then {@code exitLowPower()}, then
 *       {@link #drain}: a signal that finds the flag cleared was one's own doing;
 *   <li>an entry that is refused with {@link AlreadyInLowPowerException} leaves the earlier one
 *       armed: keep waiting for that.
 * </ol>
 *
 * <p>Lifetime: from {@link #create} to {@link #close}; closing does not end low power, the signal
 * then goes nowhere, harmlessly. It can be used for any number of entries, one after the other, of
 * one device or several. Threads: any.
 */
public final class Wakeup implements AutoCloseable {
    private final EventFd event;

    private Wakeup(EventFd event) {
        this.event = event;
    }

    /**
     * Makes one that is not signalled.
     *
     * @return the wakeup, to be closed by the caller
     * @throws io.vfio4j.linux.LinuxException with EMFILE or ENFILE if there are too many
     *     descriptors
     */
    public static Wakeup create() {
        return new Wakeup(EventFd.create());
    }

    /**
     * Makes one of an eventfd that the caller has, and takes ownership of it.
     *
     * @param event what shall be signalled
     * @return the wakeup, to be closed by the caller
     */
    public static Wakeup of(EventFd event) {
        return new Wakeup(event);
    }

    /**
     * Waits until it is signalled, and leaves it so. Neither Thread.interrupt nor {@link #close}
     * ends the wait.
     *
     * @param timeout how long at most; zero or less asks without waiting
     * @return false if the time ran out
     * @throws IllegalStateException if this is closed
     */
    public boolean await(Duration timeout) {
        return event.await(timeout);
    }

    /**
     * Tells whether it is signalled, and leaves it so.
     *
     * @return true from the device's wake until {@link #drain}
     * @throws IllegalStateException if this is closed
     */
    public boolean poll() {
        return event.await(Duration.ZERO);
    }

    /**
     * Makes it not signalled.
     *
     * @return how many wakes there were since the last time; 0 for none
     * @throws IllegalStateException if this is closed
     */
    public long drain() {
        return event.drain();
    }

    /**
     * Returns the counter, which stays this object's: to hook it into a {@link
     * io.vfio4j.linux.Poller} by its descriptor.
     *
     * @return the eventfd, not to be closed by the caller
     */
    public EventFd eventFd() {
        return event;
    }

    /** Closes the eventfd. Closing again does nothing. */
    @Override
    public void close() {
        event.close();
    }

    @Override
    public String toString() {
        return "wakeup " + event;
    }
}
