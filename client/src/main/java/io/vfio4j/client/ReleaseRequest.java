/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioPci;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Tells that the kernel wants a device back: its driver is being unbound, or it is being removed,
 * and whoever asked for that waits, deaf to signals, until the program that has the device open
 * closes it. The interrupt REQ of vfio; one who has begun to wait before there was anybody to hear
 * asks again every ten seconds.
 *
 * <p>Lifetime: from {@link #of} to {@link #close}; what matters is that the device is closed.
 * Threads: any.
 */
public final class ReleaseRequest implements AutoCloseable {
    private static final int INDEX = VfioPci.VFIO_PCI_REQ_IRQ_INDEX;

    private final EventFd event;

    private ReleaseRequest(EventFd event) {
        this.event = event;
    }

    /**
     * Has a device say so from now on. Asking for that wakes it.
     *
     * @param device an open one
     * @return what to ask or wait for, to be closed by the caller; empty for a device that never
     *     says so, as emulated ones
     */
    public static Optional<ReleaseRequest> of(VfioDevice device) {
        if (device.info().irqs() <= INDEX || device.irq(INDEX).count() == 0) {
            return Optional.empty();
        }
        EventFd event = EventFd.create();
        try {
            device.enableInterrupts(INDEX, 0, List.of(event));
            return Optional.of(new ReleaseRequest(event));
        } catch (RuntimeException refused) {
            event.close();
            throw refused;
        }
    }

    /** Whether the device should be closed now. */
    public boolean asked() {
        return await(Duration.ZERO);
    }

    /**
     * Waits until the device should be closed. Neither Thread.interrupt nor {@link #close} ends the
     * wait.
     *
     * @param timeout how long at most; zero or less asks without waiting
     * @return false if the time ran out
     * @throws IllegalStateException if this is closed
     */
    public boolean await(Duration timeout) {
        return event.await(timeout);
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
