/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/**
 * How a device interrupts its driver. Callable from any thread; never blocks; never wakes the
 * device.
 */
public interface Interrupts {

    /**
     * Drives the INTx line. A level, as on the wire: while it is asserted, unmasking delivers
     * again. A device without INTx has a line that leads nowhere.
     *
     * @param asserted the level
     */
    void intx(boolean asserted);

    /**
     * Sends a message-signalled interrupt: by MSI-X if the client enabled that vector, else by MSI.
     *
     * @param vector 0 up to the number of vectors
     * @return whether the client had enabled it; if not, nothing was sent
     */
    boolean message(int vector);

    /**
     * Interrupts by what the client enabled: MSI-X, MSI, or an edge on INTx for a device that
     * leaves its line to the framework.
     *
     * @param vector the vector, 0 where only INTx is enabled
     */
    void trigger(int vector);
}
