/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.uapi.VfioUser;

/** Which way the device may move bytes, as seen from the memory. */
public enum DmaDirection {
    /** The device may read the memory. */
    TO_DEVICE(VfioUser.VFIO_USER_F_DMA_REGION_READ),
    /** The device may write the memory. */
    FROM_DEVICE(VfioUser.VFIO_USER_F_DMA_REGION_WRITE),
    /** Both. */
    BIDIRECTIONAL(VfioUser.VFIO_USER_F_DMA_REGION_READ | VfioUser.VFIO_USER_F_DMA_REGION_WRITE);

    private final int flags;

    DmaDirection(int flags) {
        this.flags = flags;
    }

    /** The flags of a map request: the kernel's and vfio-user's are the same two bits. */
    int flags() {
        return flags;
    }

    boolean readableByDevice() {
        return this != FROM_DEVICE;
    }

    boolean writableByDevice() {
        return this != TO_DEVICE;
    }
}
