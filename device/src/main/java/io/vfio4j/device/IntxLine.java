/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.EventFd;

import java.util.Optional;

/**
 * The INTx pin: a level, a mask, and the eventfd that carries it to the client. As in vfio-pci, the
 * interrupt masks itself when it fires, and unmasking delivers again while the line is asserted.
 *
 * <p>The level is that of the function, in whatever state it is; the pin shows it only in D0, and
 * only while the driver has not enabled messages instead (PCI 3.0, 6.8.1).
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
    private boolean messagesInstead;
    private boolean awake = true;

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

    /** The level that the device drives: STATUS.INTERRUPT, which no mask and no state changes. */
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

    /** The function has left D0: what it asserts waits for {@link #awake}. */
    synchronized void leaveD0() {
        awake = false;
    }

    /** The function is in D0 again, and whoever is interrupted finds it so. */
    synchronized void awake() {
        awake = true;
        deliver();
    }

    /** The driver has enabled MSI or MSI-X in its capability, or neither. */
    synchronized void replacedByMessages(boolean replaced) {
        messagesInstead = replaced;
        deliver();
    }

    /** The loopback test of SET_IRQS: signals the eventfd whatever the line and the mask say. */
    synchronized void loopback() {
        trigger.ifPresent(EventFd::signal);
    }

    private void deliver() {
        if (asserted && !masked && awake && !messagesInstead && trigger.isPresent()) {
            masked = true;
            trigger.get().signal();
        }
    }
}
