/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/**
 * The interrupts of an index as GET_IRQ_INFO tells of them.
 *
 * @param flags {@code VFIO_IRQ_INFO_*}
 * @param count how many there are; 0 if the function lacks them
 */
public record InterruptDescription(int flags, int count) {}
