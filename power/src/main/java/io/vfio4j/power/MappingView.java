/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

/** What a client finds behind a BAR mapping that it holds; decided by {@link PowerState}. */
public enum MappingView {
    /** The BAR's memory. */
    LIVE,

    /**
     * Nearly what a bus gives where nothing answers: no access faults, loads read all ones until
     * the client itself stores there, and stores never reach the device. What was stored is read
     * back, by everyone who maps the BAR, until the view changes. The function is in D1 or D2 (spec
     * E), or in D3hot or without COMMAND.MEM and its client does not bear faults (spec I.11).
     */
    BLANK,

    /** Every access faults, in every process (spec B4). */
    REVOKED
}
