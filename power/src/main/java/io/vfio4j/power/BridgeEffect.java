/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.time.Duration;

/** Something that a bridge must do, in order, after a step. */
public sealed interface BridgeEffect {
    /** Let the device sleep: {@link BridgeEvent.Entered} or {@link BridgeEvent.EntryRefused}. */
    record Enter(SleepEntry by) implements BridgeEffect {}

    /**
     * Leave low power, drain the wakeup, see that the device answers, put back what it lost: {@link
     * BridgeEvent.Awoken} or {@link BridgeEvent.Lost}.
     */
    record Wake(WakeCause cause) implements BridgeEffect {}

    /** See that the device, awake, answers: {@link BridgeEvent.Lost} if it does not. */
    record Check() implements BridgeEffect {}

    /**
     * See whether the client's process has BARs mapped, that of the last client if it is gone:
     * {@link BridgeEvent.Inspected}.
     */
    record Inspect() implements BridgeEffect {}

    /**
     * Write the device's own PMCSR.
     *
     * @param value 16 bits
     * @param bytes which of them
     */
    record WritePmcsr(int value, int bytes) implements BridgeEffect {}

    /**
     * Raise {@link BridgeEvent.Reminded} after a while; one with an older epoch has become void.
     */
    record Remind(Duration after, long epoch) implements BridgeEffect {}

    /** Tell the client that PME is signalled, as far as the protocol can. */
    record TellPme() implements BridgeEffect {}

    /** Have the host hold the device awake whoever has it open, or let it go again. */
    record HoldAwake(boolean hold) implements BridgeEffect {}

    /** Tell the operator. */
    record Warn(String message) implements BridgeEffect {}
}
