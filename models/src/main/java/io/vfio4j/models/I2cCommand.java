/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

/**
 * An entry of the transmit FIFO, as the data register takes it.
 *
 * @param data what to send; of no meaning for a read
 * @param read whether to fetch a byte instead of sending one
 * @param stop whether a STOP follows the byte
 * @param restart whether a repeated START precedes it, even if the direction stays
 */
record I2cCommand(int data, boolean read, boolean stop, boolean restart) {
    static I2cCommand of(int register) {
        return new I2cCommand(
                register & 0xff,
                (register & 1 << 8) != 0,
                (register & 1 << 9) != 0,
                (register & 1 << 10) != 0);
    }
}
