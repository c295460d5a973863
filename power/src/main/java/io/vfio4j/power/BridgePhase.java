/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** Where the device behind a bridge is on its way to sleep and back. */
public enum BridgePhase {
    /** Nobody has it open: the kernel lets it idle. */
    CLOSED,
    /** In use, or held awake. */
    AWAKE,
    /**
     * To sleep once the client can no longer reach its BARs, whose mappings would fault (spec B4).
     */
    UNMAPPING,
    /** To sleep after a pause. */
    PAUSING,
    /** Being let to sleep. */
    ENTERING,
    /** Allowed to sleep; when it really does is the kernel's business (spec 0). */
    ASLEEP,
    /** Being woken. */
    WAKING,
    /**
     * Not come back from low power, and held awake: left alone until the guest wants D0 again, the
     * operator lifts the lock, or another client comes. Each of them has it woken once more.
     */
    LOST
}
