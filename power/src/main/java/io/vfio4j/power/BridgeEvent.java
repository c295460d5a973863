/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;

/** What happens to a bridge. */
public sealed interface BridgeEvent {
    /**
     * A client has come; the device is open.
     *
     * @param mapped whether it may come to reach BARs through mappings that must not fault under it
     */
    record Opened(boolean mapped) implements BridgeEvent {}

    /** The client is gone. */
    record Closed() implements BridgeEvent {}

    /** The client is gone, and the device was closed even if it would have been kept. */
    record Surrendered() implements BridgeEvent {}

    /**
     * The guest wrote PMCSR.
     *
     * @param value 16 bits
     * @param bytes which of them: bit 0 the low byte, bit 1 the high byte
     */
    record GuestWrote(int value, int bytes) implements BridgeEvent {}

    /**
     * A request of the client's must reach the device: it has to be awake. The pause before it is
     * let sleep again may be 0: whoever is late must see whether it still is.
     */
    record Touched() implements BridgeEvent {}

    /** The client reset the device. Should it have been let sleep since, it is woken again. */
    record WasReset() implements BridgeEvent {}

    /**
     * The client is about to enter low power by itself: from now on its power is its own business.
     * It is handed over awake, before the request reaches it.
     */
    record ClientEntered() implements BridgeEvent {}

    /** The client has taken the BARs out of its guest's reach. */
    record Unmapped() implements BridgeEvent {}

    /**
     * The client has sent another request, whatever it is, while {@link BridgeState#awaitsRequest}:
     * the only sign that a VMM always gives that it is done with its guest's write of D3hot, for it
     * carries out one such write at a time.
     */
    record Proceeded() implements BridgeEvent {}

    /** The client has them in its guest's reach (again). */
    record Mapped() implements BridgeEvent {}

    /** The eventfd of the entry with wakeup was signalled. */
    record Woken() implements BridgeEvent {}

    /** The time of a {@link BridgeEffect.Remind} has come. */
    record Reminded(long epoch) implements BridgeEvent {}

    /** The operator wants the device awake until {@link Unlocked}. */
    record Locked(String reason) implements BridgeEvent {}

    /** The operator lets it sleep again. */
    record Unlocked() implements BridgeEvent {}

    // What came of effects

    /**
     * {@link BridgeEffect.Enter} was done; so is one that was refused since it was done already.
     */
    record Entered() implements BridgeEvent {}

    /** {@link BridgeEffect.Enter} was refused. */
    record EntryRefused(String reason) implements BridgeEvent {}

    /** {@link BridgeEffect.Wake} was done: the device answers. */
    record Awoken(WakeCause cause, Duration took) implements BridgeEvent {}

    /**
     * {@link BridgeEffect.Wake} or {@link BridgeEffect.Check} found that the device does not. A
     * check's cause is {@link WakeCause#OPERATOR}.
     */
    record Lost(WakeCause cause, String reason) implements BridgeEvent {}

    /** What {@link BridgeEffect.Inspect} saw. */
    record Inspected(boolean mapped) implements BridgeEvent {}
}
