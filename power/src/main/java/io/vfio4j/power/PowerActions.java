/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * What the device layer does when the rules say so.
 *
 * <p>Never called with the device's lock held; called one at a time per device, within its turn
 * (see the package). An action must not ask for an access to its own device. It may call {@link
 * DevicePower#setMemoryEnabled}. {@link #suspend}, {@link #resume} and {@link #setPowerState} may
 * throw {@link PowerFailure}; another exception from them counts as EIO. The rest should not fail:
 * an exception there, but for {@link #showMappings}, is reported by {@link #warn} and otherwise
 * ignored.
 */
public interface PowerActions {
    /**
     * The function is about to leave D0: stop its work, tell the model. INTx is masked if it is a
     * suspend, after which the function is in D0 with its config as it was. If it is the user's
     * write of PMCSR (spec B6), a deeper state may follow without {@link #resume} in between.
     * EAGAIN or EBUSY means "not now" (spec E).
     */
    void suspend(PciPowerState target);

    /**
     * The function is in D0 again: tell the model, once. Mappings are still as they were while it
     * slept; after a suspend INTx is still masked.
     *
     * @param from where it slept; {@code D0} if it has no PM capability, or if its suspend failed
     *     after {@link #suspend}
     */
    void resume(PciPowerState from);

    /**
     * Moves the function between D-states; D3cold by the platform. Context loss is the device
     * layer's business. The delay that must follow is slept by the caller.
     */
    default void setPowerState(PciPowerState from, PciPowerState to) {}

    /**
     * Whether the function answers config accesses after a power-up from D3cold; polled until it
     * does or {@link Delays#readyTimeout} is over.
     */
    default boolean ready() {
        return true;
    }

    /** The function may (or may no longer) signal PME from its present or coming state. */
    default void armPme(boolean armed) {}

    /**
     * Masks INTx if INTx is the configured interrupt.
     *
     * @return whether this call changed the mask; false if INTx is not in use or was masked already
     *     by the user, by DisINTx or by the automask (spec B3)
     */
    default boolean maskIntx() {
        return false;
    }

    /** Takes the mask of {@link #maskIntx} back; a line still pending is signalled again. */
    default void unmaskIntx() {}

    /**
     * What a client finds behind its BAR mappings from now on, in every process; contents are kept
     * meanwhile (spec B4). A failure refuses a low-power entry, with EIO unless it is a {@link
     * PowerFailure}; else it is only reported.
     */
    default void showMappings(MappingView view) {}

    /**
     * PME is asserted: PME_Status and PME_En are both set, and were not before (spec E). Unlike the
     * rest this may come at any time and from any thread; it must not wait.
     */
    default void pmeAsserted() {}

    /** Resets the function; it is in D0. Mappings and contract are left as they are (spec B7). */
    default void reset() {}

    /**
     * The last opener has gone: take down interrupts, ioeventfds and config, reset. The device is
     * awake unless it could not be resumed (spec B3, last close).
     */
    default void tearDown() {}

    /** The driver is being unbound: ask the user to close the device (the REQ interrupt). */
    default void requestRelease() {}

    /** Something that must not happen did, e.g. "usage count underflow". For the log. */
    default void warn(String message) {}
}
