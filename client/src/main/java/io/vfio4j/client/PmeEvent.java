/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.EventFd;

import java.time.Duration;

/**
 * How a driver learns that its device asks to be woken, or to be looked at: PME. It is signalled
 * when PME rises, that is, when {@code PME_Status} and {@code PME_En} of PMCSR are both set and
 * were not before; after that it is silent until the driver has cleared {@code PME_Status}, by
 * writing 1 to it (spec E).
 *
 * <p>PME moves nothing by itself: a device that its driver has put into D3hot by PMCSR stays there
 * until the driver writes D0. One that sleeps by the low-power contract is woken by it, which
 * signals its {@link Wakeup} as every wake does (spec C).
 *
 * <p>It is told from now on: what has risen before is to be read from PMCSR. So the order is: this
 * first, then {@code PME_En}, which lets PME rise if {@code PME_Status} is set already.
 *
 * <p>Devices behind a socket only, whose server knows our extension of the protocol
 * (docs/vfio-user-low-power.md). Of a device of this machine the kernel hears PME itself and shows
 * none of its bits (spec B6): there {@link VfioDevice#enterLowPower(Wakeup)} tells of the wake that
 * PME is.
 *
 * <p>Lifetime: from {@link #of} to {@link #close}; it does not outlive the device's connection to
 * any purpose. Threads: any.
 */
public final class PmeEvent implements AutoCloseable {
    private final EventFd event;

    private PmeEvent(EventFd event) {
        this.event = event;
    }

    /**
     * Has a device say so from now on. Asking for that wakes it. Another one of the same device
     * takes over from the first.
     *
     * @param device an open one
     * @return what to ask or wait for, to be closed by the caller
     * @throws VfioException with EOPNOTSUPP if PME of the device is not told, saying why, as {@link
     *     VfioDevice#enablePme}
     */
    public static PmeEvent of(VfioDevice device) {
        EventFd event = EventFd.create();
        try {
            device.enablePme(event);
            return new PmeEvent(event);
        } catch (RuntimeException refused) {
            event.close();
            throw refused;
        }
    }

    /**
     * Waits until PME rises, and leaves it told. Neither Thread.interrupt nor {@link #close} ends
     * the wait.
     *
     * @param timeout how long at most; zero or less asks without waiting
     * @return false if the time ran out
     * @throws IllegalStateException if this is closed
     */
    public boolean await(Duration timeout) {
        return event.await(timeout);
    }

    /**
     * Takes note of it.
     *
     * @return how often PME has risen since the last time; 0 for never
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

    /** Listens no more. Closing again does nothing. */
    @Override
    public void close() {
        event.close();
    }
}
