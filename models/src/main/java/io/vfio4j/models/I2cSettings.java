/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

/**
 * What a transfer needs to know of the configuration registers.
 *
 * @param address the target's, 7 or 10 bits
 * @param tenBit whether it has 10 bits
 * @param generalCall whether it is the general call address, whatever {@code address} says
 * @param master whether the controller may be a master
 * @param restarts whether it may send a repeated START; if not it sends STOP and START
 * @param holdsWhenFull whether it fetches nothing that there is no room for
 */
record I2cSettings(
        int address,
        boolean tenBit,
        boolean generalCall,
        boolean master,
        boolean restarts,
        boolean holdsWhenFull) {
    static final I2cSettings RESET = new I2cSettings(0x55, false, false, true, true, false);
}
