/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Ioctl;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;

import java.util.List;
import java.util.function.Supplier;

/**
 * An open device's descriptor, how it is called and what its refusals mean.
 *
 * @param fd owned by this
 * @param sysfs what the machine says of the device
 */
record KernelHandle(Fd fd, SysfsPci sysfs) implements AutoCloseable {
    /** For arguments. */
    ArgumentBlocks blocks() {
        return ArgumentBlocks.PLAIN;
    }

    /** Says which device this is, for sentences. */
    String device() {
        return sysfs.address().toString();
    }

    /**
     * Calls.
     *
     * @return the result, or -errno
     * @throws IllegalStateException if the device is closed
     */
    int call(int request, Memory argument) {
        return call(request, argument, List.of());
    }

    /** As {@link #call(int, Memory)}, with descriptors that the argument names by number. */
    int call(int request, Memory argument, List<Fd> named) {
        return call(request, argument, 0, named);
    }

    /** As {@link #call(int, Memory)}, where the argument begins inside the block. */
    int call(int request, Memory argument, long offset, List<Fd> named) {
        try {
            return Ioctl.call(fd, request, argument, offset, named);
        } catch (LinuxException refused) {
            return -refused.errno().number();
        } catch (IllegalStateException closed) {
            throw closed(closed);
        }
    }

    /** As {@link #call(int, Memory)}, without an argument. */
    int call(int request) {
        try {
            return Ioctl.call(fd, request, 0);
        } catch (LinuxException refused) {
            return -refused.errno().number();
        } catch (IllegalStateException closed) {
            throw closed(closed);
        }
    }

    /**
     * Refuses a call that failed.
     *
     * @param result the result, or -errno
     * @param what was asked, as in "resetting 0000:01:00.0"
     */
    void require(int result, Supplier<String> what) {
        if (result < 0) {
            throw failed(Errno.of(-result), what.get(), "");
        }
    }

    /**
     * What to throw for a call that failed.
     *
     * @param advice what to do about it, after a colon or the like; may be empty
     */
    VfioException failed(Errno errno, String what, String advice) {
        if (isGone(errno)) {
            return gone(errno, what);
        }
        String more = advice;
        if (advice.isEmpty() && errno.equals(Errno.EIO)) {
            more = ": the device could not be woken, or does not answer (see the kernel's log)";
        }
        return Answers.failed(errno, what, more);
    }

    /** What to throw for a read or write that failed. */
    VfioException accessFailed(Errno errno, String what) {
        return isGone(errno) ? gone(errno, what) : AccessFailures.refused(errno, what);
    }

    private boolean isGone(Errno errno) {
        return (errno.equals(Errno.ENODEV) || errno.equals(Errno.EIO)) && !sysfs.exists();
    }

    private ConnectionLostException gone(Errno errno, String what) {
        return new ConnectionLostException(
                errno,
                "%s: %s (%s): the device is gone, it was removed from the machine; close it"
                        .formatted(what, errno.name(), errno.description()));
    }

    /** What to throw where a descriptor was found closed: the device's, or one that was given. */
    IllegalStateException closed(IllegalStateException found) {
        return fd.isOpen() ? found : new IllegalStateException(device() + " is closed", found);
    }

    @Override
    public void close() {
        fd.close();
    }
}
