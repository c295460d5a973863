/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

/**
 * The interrupt registers: which events are noted, which of them interrupt. Three of the bits are
 * levels, which follow the FIFOs; the others stay until the register that clears them is read.
 *
 * <p>Not thread-safe: its user's lock guards it.
 */
final class I2cEvents {
    static final int RX_UNDER = 1 << 0;
    static final int RX_OVER = 1 << 1;
    static final int RX_FULL = 1 << 2;
    static final int TX_OVER = 1 << 3;
    static final int TX_EMPTY = 1 << 4;
    static final int RD_REQ = 1 << 5;
    static final int TX_ABRT = 1 << 6;
    static final int RX_DONE = 1 << 7;
    static final int ACTIVITY = 1 << 8;
    static final int STOP_DET = 1 << 9;
    static final int START_DET = 1 << 10;
    static final int GEN_CALL = 1 << 11;
    static final int RESTART_DET = 1 << 12;
    static final int MASTER_ON_HOLD = 1 << 13;

    private static final int LEVELS = RX_FULL | TX_EMPTY | MASTER_ON_HOLD;
    private static final int ALL = (1 << 14) - 1;
    private static final int INITIAL_MASK = 0x8ff;

    private int noted;
    private int levels;
    private int mask = INITIAL_MASK;
    private int abortSource;

    // Of what the interrupt line has told nobody yet.
    private int fresh;

    void reset() {
        noted = 0;
        levels = 0;
        mask = INITIAL_MASK;
        abortSource = 0;
        fresh = 0;
    }

    void raise(int bits) {
        noted |= bits & ~LEVELS;
        fresh |= bits;
    }

    void abort(int source) {
        abortSource |= source;
        raise(TX_ABRT);
    }

    /** What the level bits are now; one that rises is news. */
    void levels(int bits) {
        fresh |= bits & ~levels;
        levels = bits;
    }

    int raw() {
        return noted | levels;
    }

    int mask() {
        return mask;
    }

    /** What is unmasked is news if it is there already. */
    void mask(int bits) {
        fresh |= bits & ~mask;
        mask = bits & ALL;
    }

    /** What interrupts. */
    int status() {
        return raw() & mask;
    }

    int abortSource() {
        return abortSource;
    }

    /** Clears what can be cleared; what of it was there. */
    int clear(int bits) {
        int were = noted & bits;
        noted &= ~bits;
        if ((bits & TX_ABRT) != 0) {
            abortSource = 0;
        }
        return were;
    }

    /** Whether a message is due: something that interrupts has come since this was asked last. */
    boolean takeNews() {
        boolean news = (fresh & status()) != 0;
        fresh = 0;
        return news;
    }

    /** All that interrupts is news again. */
    void renew() {
        fresh = ALL;
    }
}
