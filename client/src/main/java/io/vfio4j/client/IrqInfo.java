/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.Vfio;

/**
 * What an interrupt index is.
 *
 * @param index the index, such as {@link io.vfio4j.uapi.VfioPci#VFIO_PCI_MSIX_IRQ_INDEX}
 * @param flags {@code VFIO_IRQ_INFO_*}
 * @param count how many interrupts it has; 0 if the device has none of that kind
 */
public record IrqInfo(int index, int flags, int count) {
    /** Whether the interrupts can signal eventfds. */
    public boolean eventFd() {
        return (flags & Vfio.VFIO_IRQ_INFO_EVENTFD) != 0;
    }

    /** Whether they can be masked and unmasked. */
    public boolean maskable() {
        return (flags & Vfio.VFIO_IRQ_INFO_MASKABLE) != 0;
    }

    /** Whether one masks itself when it fires. */
    public boolean automasked() {
        return (flags & Vfio.VFIO_IRQ_INFO_AUTOMASKED) != 0;
    }

    /** Whether vectors cannot be added without disabling all first. */
    public boolean noResize() {
        return (flags & Vfio.VFIO_IRQ_INFO_NORESIZE) != 0;
    }
}
