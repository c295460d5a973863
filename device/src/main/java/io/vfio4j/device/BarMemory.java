/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/**
 * The memory behind a BAR as its device sees it. Little-endian, any thread; the accesses of a
 * client and of the device interleave as on a bus.
 *
 * <p>It can be reached in every state of the contract: while a client's mapping of it faults, the
 * device still has the contents.
 */
public interface BarMemory {

    /**
     * Its size.
     *
     * @return bytes
     */
    long size();

    /**
     * Reads a number.
     *
     * @param offset bytes, a multiple of {@code width}, {@code offset + width <= size()}
     * @param width 1, 2, 4 or 8
     * @return the value, zero-extended
     * @throws IndexOutOfBoundsException outside the BAR
     * @throws IllegalArgumentException if the width is none of these, or the offset no multiple of
     *     it
     */
    long load(long offset, int width);

    /**
     * Writes a number.
     *
     * @param offset bytes, a multiple of {@code width}, {@code offset + width <= size()}
     * @param width 1, 2, 4 or 8
     * @param value its low {@code width} bytes are written
     * @throws IndexOutOfBoundsException outside the BAR
     * @throws IllegalArgumentException if the width is none of these, or the offset no multiple of
     *     it
     */
    void store(long offset, int width, long value);
}
