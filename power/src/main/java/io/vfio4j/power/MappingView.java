/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What a client finds behind a BAR mapping that it holds; decided by {@link PowerState}. */
public enum MappingView {
    /** The BAR's memory. */
    LIVE,

    /**
     * What a bus gives where nothing answers: loads read all ones, stores are lost. The function is
     * in D1 or D2 (spec E), or in D3hot or without COMMAND.MEM and its client does not bear faults
     * (spec I.11).
     */
    BLANK,

    /** Every access faults, in every process (spec B4). */
    REVOKED
}
