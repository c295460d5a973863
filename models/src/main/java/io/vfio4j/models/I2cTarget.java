/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

/**
 * What answers at an address of an {@link I2cBus}. One thread at a time; a method that waits is a
 * target that stretches the clock.
 */
interface I2cTarget {
    /**
     * It is addressed, by a START or by a repeated one.
     *
     * @param reading whether the master will read
     * @return whether it acknowledges
     */
    boolean start(boolean reading);

    /**
     * Takes a byte.
     *
     * @param value 0..255
     * @return whether it acknowledges
     */
    boolean write(int value);

    /**
     * Gives a byte.
     *
     * @return 0..255
     */
    int read();

    /** The transfer it was addressed in is over. */
    void stop();
}
