/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What an emulated PCI function is: config space, BARs, interrupts, DMA, reset; the class a device
 * author extends.
 */
@NullMarked
package io.vfio4j.device;

import org.jspecify.annotations.NullMarked;
