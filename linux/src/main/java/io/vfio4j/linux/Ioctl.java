/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.List;
import java.util.Objects;

/**
 * The {@code ioctl} system call; what the requests mean is known elsewhere. Any thread may call.
 */
public final class Ioctl {
    private Ioctl() {}

    /**
     * Makes a request with a number as its argument.
     *
     * @param fd the device
     * @param request the request's number
     * @param argument a value, or an address that the caller keeps alive
     * @return the request's result, 0 or more
     * @throws LinuxException with the request's errno; EINTR is not retried
     * @throws IllegalStateException if the descriptor is closed
     */
    public static int call(Fd fd, long request, long argument) {
        int number = fd.enter();
        try {
            int result = Libc.ioctl(number, request, argument);
            if (result < 0) {
                throw new LinuxException(
                        Errno.of(-result), "ioctl", "0x" + Long.toHexString(request) + " on " + fd);
            }
            return result;
        } finally {
            fd.leave();
        }
    }

    /**
     * Makes a request with a pointer to a structure as its argument. The kernel checks nothing
     * about the structure's size: the caller has it end inside the block.
     *
     * @param fd the device
     * @param request the request's number
     * @param argument the block that holds the structure
     * @param offset where in the block the structure begins, in bytes
     * @return the request's result, 0 or more
     * @throws LinuxException with the request's errno; EINTR is not retried
     * @throws IndexOutOfBoundsException if the offset is not inside the block
     * @throws IllegalStateException if the descriptor or the block is closed
     */
    public static int call(Fd fd, long request, Memory argument, long offset) {
        Objects.checkIndex(offset, argument.size());
        long address = argument.enter() + offset;
        try {
            return call(fd, request, address);
        } finally {
            argument.leave();
        }
    }

    /**
     * As {@link #call(Fd, long, Memory, long)}, for a structure that names descriptors by number:
     * they stay open, and their numbers theirs, until the call returns.
     *
     * @param named the descriptors
     * @throws IllegalStateException if one of them is closed
     */
    public static int call(Fd fd, long request, Memory argument, long offset, List<Fd> named) {
        int entered = 0;
        try {
            for (Fd one : named) {
                int _ = one.enter();
                entered++;
            }
            return call(fd, request, argument, offset);
        } finally {
            for (Fd one : named.subList(0, entered)) {
                one.leave();
            }
        }
    }
}
