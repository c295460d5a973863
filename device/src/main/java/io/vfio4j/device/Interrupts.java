/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/**
 * How a device interrupts its driver. Callable from any thread; never blocks; never wakes the
 * device.
 *
 * <p><b>Only in D0.</b> While the device sleeps, whether its driver put it in D1 to D3hot or the
 * low-power contract suspended it, nothing leaves it but a wake event (spec E). Its INTx line keeps
 * its level and interrupts after the return to D0, if it is still asserted then. A message is
 * dropped, and {@link #message} says so: a device to which something happens meanwhile keeps the
 * cause, asks for service with {@link PciDevice#wakeEvent}, and sends the message in {@link
 * PciDevice#resume}. A device without PM capability is always in D0.
 *
 * <p><b>Cost.</b> Each call takes one or two uncontended locks for a few tests and allocates
 * nothing; one that reaches the client adds a system call or two, the signal of its eventfd.
 */
public interface Interrupts {

    /**
     * Drives the INTx line. A level, as on the wire: while it is asserted, unmasking delivers
     * again. STATUS.INTERRUPT shows it in every state and whatever masks it. Nothing is delivered
     * while the driver has disabled INTx in COMMAND or enabled MSI or MSI-X in configuration space.
     * A device without INTx has a line that leads nowhere.
     *
     * @param asserted the level
     */
    void intx(boolean asserted);

    /**
     * Sends a message-signalled interrupt: by MSI-X if that is in use, else by MSI. In use is what
     * the client has enabled by SET_IRQS or in configuration space. A vector that is masked, or
     * that the client leads nowhere, keeps the message in its pending bit and sends it when that
     * changes; several messages are one then, as on hardware.
     *
     * @param vector 0 up to the number of vectors; with MSI enabled in configuration space, up to
     *     the number that the driver allocated there
     * @return whether the message was sent or is pending. If not, neither MSI nor MSI-X is in use,
     *     or has that vector, or the device is not in D0; and nothing has happened
     */
    boolean message(int vector);

    /**
     * Takes back a message that is still pending because its vector is masked: the driver has seen
     * to its cause by other means. Does nothing if none is.
     *
     * @param vector as for {@link #message}
     */
    void withdraw(int vector);

    /**
     * Interrupts by what the client enabled: MSI-X, MSI, or an edge on INTx for a device that
     * leaves its line to the framework. Outside D0 it is dropped, as is an edge while INTx is
     * masked.
     *
     * @param vector the vector, 0 where only INTx is enabled
     */
    void trigger(int vector);
}
