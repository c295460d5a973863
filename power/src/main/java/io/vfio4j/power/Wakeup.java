/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/**
 * What a low-power entry with wakeup is told by: an eventfd, or anything like it.
 *
 * <p>Ownership: a <em>successful</em> entry takes it and calls exactly one of the two methods
 * exactly once; a refused entry leaves it with the caller, and neither is called (spec B3, I2).
 *
 * <p>Called on the thread that resumes, exits or closes, within the device's turn and without its
 * lock. Must not block and must not ask the device for an access; it may wake somebody who does.
 */
public interface Wakeup {
    /** The device was suspended and is awake again, its mappings work; low power is over. */
    void signal();

    /** Low power ended by an exit or the last close while awake; nobody is to be told. */
    void drop();
}
