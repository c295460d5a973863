/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

/** A read or write that moved fewer bytes than it had to; there is no errno to it, so EIO it is. */
public class ShortTransferException extends LinuxException {
    private static final long serialVersionUID = 1L;

    private final long transferred;

    ShortTransferException(String call, long transferred, long wanted) {
        super(Errno.EIO, call, transferred + " bytes of " + wanted);
        this.transferred = transferred;
    }

    /**
     * Returns how far it went.
     *
     * @return bytes that were moved
     */
    public long transferred() {
        return transferred;
    }
}
