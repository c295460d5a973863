/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

import java.util.Optional;

/**
 * The INTx pin: a level, a mask, and the eventfd that carries it to the client. As in vfio-pci, the
 * interrupt masks itself when it fires, and unmasking delivers again while the line is asserted.
 *
 * <p>Only state and its rules; whether a mask may be changed just now is decided by the power rules
 * before they call here. All methods are synchronized and never block: an eventfd that is already
 * readable is left alone.
 */
final class IntxLine {
    private Optional<EventFd> trigger = Optional.empty();
    private boolean asserted;
    private boolean masked;
    private boolean disabledByCommand;

    /**
     * Gives the line a new eventfd, or takes it away, and closes the old one. A line that has just
     * been set up is unmasked; one that only changes its eventfd stays as it is.
     */
    synchronized void configure(Optional<EventFd> eventFd) {
        if (trigger.isEmpty()) {
            masked = disabledByCommand;
        }
        trigger.ifPresent(EventFd::close);
        trigger = eventFd;
        deliver();
    }

    synchronized boolean configured() {
        return trigger.isPresent();
    }

    synchronized boolean asserted() {
        return asserted;
    }

    /** The device drives the line. */
    synchronized void drive(boolean level) {
        asserted = level;
        deliver();
    }

    /**
     * Masks.
     *
     * @return whether this changed the mask; false if the line is not configured
     */
    synchronized boolean mask() {
        boolean changed = trigger.isPresent() && !masked;
        masked |= changed;
        return changed;
    }

    /** Unmasks, unless COMMAND says that INTx is off, and delivers what is pending. */
    synchronized void unmask() {
        masked = disabledByCommand;
        deliver();
    }

    /**
     * COMMAND.INTX_DISABLE was written.
     *
     * @return whether {@link #unmask} must follow, once the device is awake: the bit was taken back
     */
    synchronized boolean disable(boolean disabled) {
        boolean takenBack = disabledByCommand && !disabled;
        disabledByCommand = disabled;
        masked |= disabled;
        return takenBack;
    }

    /** The loopback test of SET_IRQS: signals the eventfd whatever the line and the mask say. */
    synchronized void loopback() {
        trigger.ifPresent(EventFd::signal);
    }

    private void deliver() {
        if (asserted && !masked && trigger.isPresent()) {
            masked = true;
            trigger.get().signal();
        }
    }
}
