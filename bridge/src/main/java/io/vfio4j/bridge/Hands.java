/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.power.SleepEntry;

/**
 * What the bridge's power does to the device behind and to its client: called by one thread. What
 * fails throws, with a message that is a sentence for the operator.
 */
interface Hands {
    /**
     * Sees that the device may be let sleep.
     *
     * @throws RuntimeException if it may not
     */
    void prepare();

    /** Lets the device sleep; that it may already is no failure (spec J). */
    void enter(SleepEntry by);

    /**
     * Leaves low power, sees that the device answers, puts back what it lost.
     *
     * @throws RuntimeException if it does not answer
     */
    void wake();

    /**
     * Sees that the device answers.
     *
     * @throws RuntimeException if it does not
     */
    void check();

    /** Whether somebody else has woken the device, and the rules have not heard of it yet. */
    boolean signalled();

    /** Low power has ended with the last close. */
    void closed();

    /** Whether the client's process has a part of the device mapped, or might have. */
    boolean clientHasMappings();

    /** Writes the device's own PMCSR: bit 0 of {@code bytes} the low byte, bit 1 the high one. */
    void writePmcsr(int value, int bytes);

    /** Tells the client of PME as far as the protocol can. */
    void tellPme();

    /** Has the host hold the device awake, or let it go. */
    void holdAwake(boolean hold);
}
