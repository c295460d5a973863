/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;

/**
 * How a client uses INTx, as far as it matters after a wake: kernels lose an interrupt whose unmask
 * eventfd is signalled while the device sleeps, and leave INTx masked for good (spec I.1).
 *
 * <p>Threads: any.
 */
final class IntxUse {
    private boolean unmaskedByEventFd;
    private boolean masked;

    /**
     * A request of the client's was done.
     *
     * @param data the booleans behind it
     * @param descriptors how many eventfds came with it
     */
    synchronized void set(VfioIrqSet request, byte[] data, int descriptors) {
        int kind = request.flags() & Vfio.VFIO_IRQ_SET_DATA_TYPE_MASK;
        boolean byEventFd = kind == Vfio.VFIO_IRQ_SET_DATA_EVENTFD;
        boolean meant = kind == Vfio.VFIO_IRQ_SET_DATA_NONE || (data.length > 0 && data[0] != 0);
        switch (request.flags() & Vfio.VFIO_IRQ_SET_ACTION_TYPE_MASK) {
            case Vfio.VFIO_IRQ_SET_ACTION_MASK -> masked |= meant;
            case Vfio.VFIO_IRQ_SET_ACTION_UNMASK -> {
                if (byEventFd) {
                    unmaskedByEventFd = descriptors > 0;
                } else {
                    masked &= !meant;
                }
            }
            default -> {
                if (request.count() == 0 || (byEventFd && descriptors == 0)) {
                    unmaskedByEventFd = false;
                    masked = false;
                }
            }
        }
    }

    /** Whether an unmasking may have been lost, and the client wants none masked. */
    synchronized boolean mayBeStuck() {
        return unmaskedByEventFd && !masked;
    }
}
