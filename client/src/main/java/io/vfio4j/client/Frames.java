/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.FdBag;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.VfioUserHeader;

/** Sizes of vfio-user frames in a connection's blocks of memory. */
final class Frames {
    /** Bytes of a header; where a payload starts. */
    static final int PAYLOAD = VfioUserHeader.SIZE;

    /** Where the data of a region or DMA access starts. */
    static final int DATA = PAYLOAD + RegionAccess.SIZE;

    /** Most bytes that one message moves. */
    static final int MAX_TRANSFER = 1 << 20;

    /** Largest frame. */
    static final int CAPACITY = DATA + MAX_TRANSFER;

    /**
     * From so many bytes on they go between the stream and where they belong by a system call of
     * their own: that costs less than copying them. Fewer travel in one piece with their header.
     */
    static final int DIRECT = 64 * 1024;

    /** Most descriptors of one message. */
    static final int MAX_DESCRIPTORS = FdBag.CAPACITY;

    private Frames() {}
}
