/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

/** Why a transfer was given up, each a bit of IC_TX_ABRT_SOURCE. */
final class I2cAbort {
    /** Nobody acknowledged a 7-bit address. */
    static final int ADDRESS_NOACK = 1 << 0;

    /** Nobody acknowledged the first byte of a 10-bit address. */
    static final int TEN_BIT_ADDRESS_NOACK = 1 << 1;

    /** A byte was not acknowledged. */
    static final int DATA_NOACK = 1 << 3;

    /** Nobody acknowledged a general call. */
    static final int GENERAL_CALL_NOACK = 1 << 4;

    /** A general call cannot be read. */
    static final int GENERAL_CALL_READ = 1 << 5;

    /** The master is disabled in IC_CON. */
    static final int MASTER_DISABLED = 1 << 11;

    /** IC_ENABLE.ABORT. */
    static final int BY_USER = 1 << 16;

    /** How many commands were thrown away with it, from this bit on. */
    static final int FLUSH_COUNT_SHIFT = 23;

    private I2cAbort() {}
}
