/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/**
 * What a device is.
 *
 * @param pci whether it is a PCI device: regions and interrupts then have the indices of {@link
 *     io.vfio4j.uapi.VfioPci}
 * @param resettable whether {@link VfioDevice#reset} works
 * @param flags all of the flags, {@code VFIO_DEVICE_FLAGS_*}
 * @param regions highest region index plus one
 * @param irqs highest interrupt index plus one
 */
public record DeviceInfo(boolean pci, boolean resettable, int flags, int regions, int irqs) {}
