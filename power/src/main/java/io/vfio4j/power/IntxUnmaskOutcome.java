/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What became of an INTx unmask eventfd's kick (spec I.1). */
public enum IntxUnmaskOutcome {
    /** The mask is lifted. */
    APPLIED,
    /** The device is not awake: its next resume lifts the mask. */
    DEFERRED
}
