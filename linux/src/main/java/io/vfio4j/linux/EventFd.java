/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A counter in the kernel that can be signalled, waited for, and passed to another process.
 *
 * <p>Ownership: owns its descriptor; {@link #close} closes it. Whoever else holds a descriptor of
 * the same counter keeps it alive: signals then go nowhere, harmlessly.
 *
 * <p>Threads: any thread, any time. {@link #signal} and {@link #drain} do not wait, whatever the
 * other holders do to the counter and to the file's flags, and allocate nothing. That takes more
 * than {@code read} and {@code write}, which wait if another holder drains or fills the counter of
 * a blocking eventfd just before them: see {@link Aio}, and {@code RWF_NOWAIT}. (A kernel that has
 * neither, which no Linux since 5.8 need be, is asked by {@code poll} first, and keeps that
 * corner.)
 */
public final class EventFd implements AutoCloseable {
    private static final int EFD_SEMAPHORE = 1;
    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int F_GETFL = 3;
    private static final int O_PATH = 0x200000;
    private static final String LINK = "anon_inode:[eventfd]";

    private static final int RWF_NOWAIT = 8;

    /** Where in the scratch words the vector of a read is, behind what is read. */
    private static final int IOVEC = 8;

    private final Fd fd;

    /** Whether somebody else made it, who may have it blocking, or make it so. */
    private final boolean foreign;

    private EventFd(Fd fd, boolean foreign) {
        this.fd = fd;
        this.foreign = foreign;
    }

    /**
     * Makes a new counter with the value 0, non-blocking and close-on-exec.
     *
     * @return its owner
     * @throws LinuxException with EMFILE or ENFILE if there are too many descriptors
     */
    public static EventFd create() {
        int number = Libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        return new EventFd(Fd.own(Libc.check(number, "eventfd", "")), false);
    }

    /**
     * Makes a new counter of whatever kind, non-blocking and close-on-exec.
     *
     * @param initial its value, an unsigned number
     * @param semaphore whether {@link #drain} takes only 1 of it (EFD_SEMAPHORE)
     * @return its owner
     * @throws LinuxException with EMFILE or ENFILE if there are too many descriptors
     */
    public static EventFd create(int initial, boolean semaphore) {
        int flags = EFD_NONBLOCK | EFD_CLOEXEC | (semaphore ? EFD_SEMAPHORE : 0);
        return new EventFd(Fd.own(Libc.check(Libc.eventfd(initial, flags), "eventfd", "")), false);
    }

    /**
     * Takes ownership of a descriptor that someone else made, and of nothing but an eventfd.
     *
     * @param fd the descriptor; it is closed if it is refused
     * @return its owner
     * @throws LinuxException with EINVAL if it is not an eventfd, or opened with O_PATH
     * @throws IllegalStateException if it is closed
     */
    public static EventFd adopt(Fd fd) {
        try {
            if (!isEventFd(fd)) {
                throw new LinuxException(Errno.EINVAL, "eventfd", fd + " is not an eventfd");
            }
        } catch (RuntimeException refused) {
            fd.close();
            throw refused;
        }
        return new EventFd(fd, true);
    }

    /**
     * Tells whether a descriptor is an eventfd that can be read and written.
     *
     * @param fd the descriptor
     * @return false for every other kind of file, and for an eventfd opened with O_PATH
     * @throws IllegalStateException if it is closed
     */
    public static boolean isEventFd(Fd fd) {
        int number = fd.enter();
        try {
            int flags = Libc.check(Libc.fcntl(number, F_GETFL, 0), "fcntl", "F_GETFL of " + fd);
            return (flags & O_PATH) == 0 && linkOf(number).equals(LINK);
        } finally {
            fd.leave();
        }
    }

    /**
     * Tells whether a descriptor stands for a path only (O_PATH): to the kernel's own look-ups such
     * a descriptor is not open.
     *
     * @param fd the descriptor
     * @return true if it was opened with O_PATH
     * @throws IllegalStateException if it is closed
     */
    public static boolean isPathOnly(Fd fd) {
        int number = fd.enter();
        try {
            int flags = Libc.check(Libc.fcntl(number, F_GETFL, 0), "fcntl", "F_GETFL of " + fd);
            return (flags & O_PATH) != 0;
        } finally {
            fd.leave();
        }
    }

    /**
     * Adds 1. A counter that is full is left as it is: it is readable, which is all that a signal
     * says.
     *
     * @throws LinuxException if the kernel refuses, which for an eventfd it does not
     * @throws IllegalStateException if this is closed
     */
    public void signal() {
        int number = fd.enter();
        try {
            if (foreign && Aio.signal(number)) {
                return;
            }
            if ((Poll.now(number, Poll.OUT) & Poll.OUT) == 0) {
                return;
            }
            Scratch scratch = Scratch.ofThread();
            scratch.putLong(0, 1);
            long written;
            do {
                written = Libc.write(number, scratch.address(), Long.BYTES);
            } while (written == -Libc.EINTR);
            if (written != -Libc.EAGAIN) {
                Libc.check(written, "write", "to eventfd");
            }
        } finally {
            fd.leave();
        }
    }

    /**
     * Adds to the counter at once, if there is room: the most that it holds is 2^64 - 2.
     *
     * @param value how much, an unsigned number
     * @return false if there is no room, and nothing was added
     * @throws LinuxException with EINVAL for 2^64 - 1
     * @throws IllegalStateException if this is closed
     */
    public boolean add(long value) {
        int number = fd.enter();
        try {
            Scratch scratch = Scratch.ofThread();
            scratch.putLong(0, value);
            long written;
            do {
                written = Libc.write(number, scratch.address(), Long.BYTES);
            } while (written == -Libc.EINTR);
            if (written == -Libc.EAGAIN) {
                return false;
            }
            return Libc.check(written, "write", "to eventfd") == Long.BYTES;
        } finally {
            fd.leave();
        }
    }

    /**
     * Takes the counter's value and leaves 0. Of a counter made with EFD_SEMAPHORE it takes 1.
     *
     * @return how often it was signalled since, as an unsigned number; 0 if it was not
     * @throws LinuxException if the kernel refuses, which for an eventfd it does not
     * @throws IllegalStateException if this is closed
     */
    public long drain() {
        int number = fd.enter();
        try {
            Scratch scratch = Scratch.ofThread();
            scratch.putLong(IOVEC, scratch.address());
            scratch.putLong(IOVEC + 8, Long.BYTES);
            long read;
            do {
                read = Libc.preadv2(number, scratch.address() + IOVEC, 1, -1, RWF_NOWAIT);
            } while (read == -Libc.EINTR);
            if (read == -Libc.EOPNOTSUPP) {
                read = readIfReadable(number);
            }
            if (read == -Libc.EAGAIN) {
                return 0;
            }
            Libc.check(read, "read", "of eventfd");
            return scratch.getLong(0);
        } finally {
            fd.leave();
        }
    }

    private static long readIfReadable(int number) {
        if ((Poll.now(number, Poll.IN) & Poll.IN) == 0) {
            return -Libc.EAGAIN;
        }
        long read;
        do {
            read = Libc.read(number, Scratch.ofThread().address(), Long.BYTES);
        } while (read == -Libc.EINTR);
        return read;
    }

    /**
     * Waits until the counter is not 0, and leaves it as it is. The wait ends neither by
     * Thread.interrupt nor by {@link #close}, only by a signal or by the timeout.
     *
     * @param timeout how long to wait at most; zero or less asks without waiting
     * @return false if the time ran out
     * @throws IllegalStateException if this is closed
     */
    public boolean await(Duration timeout) {
        int number = fd.enter();
        try {
            return Poll.await(number, Poll.IN, timeout);
        } finally {
            fd.leave();
        }
    }

    /**
     * Returns the descriptor, which stays this object's: to send it, to poll it, to give it to an
     * ioctl.
     *
     * @return the descriptor, not to be closed by the caller
     */
    public Fd fd() {
        return fd;
    }

    /** Closes the descriptor. Closing again does nothing. */
    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return "eventfd " + fd;
    }

    private static String linkOf(int number) {
        try (Arena arena = Arena.ofConfined()) {
            Path path = Path.of("/proc/self/fd/" + number);
            MemorySegment target = arena.allocate(LINK.length() + 1);
            long length =
                    Libc.readlink(
                            NativePath.allocate(arena, path).address(),
                            target.address(),
                            target.byteSize());
            Libc.check(length, "readlink", path + " (is /proc mounted?)");
            byte[] bytes = target.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }
}
