/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;

/** A DMA transfer that did not happen, or not wholly. */
public final class DmaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * A failed transfer.
     *
     * @param errno why
     * @param what the transfer, with its address
     */
    public DmaException(Errno errno, String what) {
        super(what + ": " + errno);
        this.errno = errno.number();
    }

    /**
     * Why.
     *
     * @return the errno
     */
    public Errno errno() {
        return Errno.of(errno);
    }
}
