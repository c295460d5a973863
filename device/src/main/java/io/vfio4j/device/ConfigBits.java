/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/**
 * What the bits of a configuration space are, one kind for each, in the words of the PCI Express
 * specification's register attributes. A bit that nothing is said of is RO and reads its initial
 * value.
 *
 * <ul>
 *   <li>RW: software writes it.
 *   <li>RW1C: the function sets it, software clears it by writing 1.
 *   <li>sticky (with either, or with RO): keeps its value whatever resets the function, as long as
 *       there is power.
 *   <li>kept by a function level reset only: what the specification excepts from it.
 * </ul>
 *
 * <p>Filled by {@link ConfigLayout}, then never changed. Widths are 1, 2 or 4 bytes.
 */
final class ConfigBits {
    private final byte[] initial;
    private final byte[] written;
    private final byte[] cleared;
    private final byte[] sticky;
    private final byte[] keptByFlr;

    ConfigBits(int size) {
        initial = new byte[size];
        written = new byte[size];
        cleared = new byte[size];
        sticky = new byte[size];
        keptByFlr = new byte[size];
    }

    int size() {
        return initial.length;
    }

    /** What a register reads after power-on. */
    void initial(int register, int width, int value) {
        put(initial, register, width, value);
    }

    /** RW. */
    void readWrite(int register, int width, int mask) {
        put(written, register, width, mask);
    }

    /** RW1C. */
    void writeOneToClear(int register, int width, int mask) {
        put(cleared, register, width, mask);
    }

    /** RWS, RW1CS or ROS, by what else is said of the bits. */
    void sticky(int register, int width, int mask) {
        put(sticky, register, width, mask);
    }

    /** What a function level reset leaves as it is (PCI Express 6.6.2). */
    void keptByFunctionLevelReset(int register, int width, int mask) {
        put(keptByFlr, register, width, mask);
    }

    private static void put(byte[] kind, int register, int width, int bits) {
        for (int i = 0; i < width; i++) {
            kind[register + i] = (byte) (bits >> (8 * i));
        }
    }

    byte[] afterPowerOn() {
        return initial.clone();
    }

    /** What a byte becomes when software writes it. */
    byte write(int register, int now, int value) {
        int mask = written[register];
        int next = (now & ~mask) | (value & mask);
        return (byte) (next & ~(value & cleared[register]));
    }

    /** What a byte becomes when something resets the function. */
    byte reset(int register, int now, ConfigReset what) {
        int kept =
                switch (what) {
                    case SOFT -> sticky[register];
                    case FUNCTION_LEVEL -> sticky[register] | keptByFlr[register];
                    case RESTORED -> written[register] | sticky[register];
                    case RESTORED_POWER -> written[register];
                };
        return (byte) ((now & kept) | (initial[register] & ~kept));
    }
}
