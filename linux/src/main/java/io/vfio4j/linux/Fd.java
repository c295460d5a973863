/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.io.File;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Objects;

/**
 * An open file descriptor and its one owner: whoever holds the {@code Fd} closes it, exactly once.
 *
 * <p>Lifetime and threads: all methods may be called by any thread. {@link #close} never waits. If
 * a thread is inside a call on this descriptor, made through this module, the number is given back
 * to the kernel when that call returns: so a closed number is never used for whatever file received
 * it next. A call that may block for ever must therefore be woken first ({@link
 * UnixStream#shutdown}, {@link Poller#wakeup}); what blocks in this module does so in its own
 * {@code close}.
 *
 * <p>A new descriptor is always close-on-exec.
 */
public final class Fd implements AutoCloseable {
    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;
    private static final int O_NOCTTY = 0x100;
    private static final int O_TRUNC = 0x200;
    private static final int O_PATH = 0x200000;
    private static final int O_CLOEXEC = 0x80000;
    private static final int F_DUPFD_CLOEXEC = 1030;

    private final int number;
    private final UseCount uses = new UseCount();

    private Fd(int number) {
        this.number = number;
    }

    /**
     * Takes ownership of an open descriptor.
     *
     * @param number the descriptor's number, which nobody else may close from now on
     * @return its owner
     * @throws IllegalArgumentException if the number is negative
     */
    public static Fd own(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("a descriptor's number is not negative: " + number);
        }
        return new Fd(number);
    }

    /**
     * Opens an existing file or device.
     *
     * @param path what to open
     * @param writable true for reading and writing, false for reading only
     * @return the owner of the new descriptor
     * @throws LinuxException with the errno of {@code open}, such as ENOENT, EACCES, EBUSY
     */
    public static Fd open(Path path, boolean writable) {
        return open(path, writable ? O_RDWR : 0);
    }

    /**
     * Opens an existing file for writing only and empties it, as a shell's {@code >} does: for
     * attributes in sysfs, many of which refuse to be opened for reading.
     *
     * @param path what to open
     * @return the owner of the new descriptor
     * @throws LinuxException with the errno of {@code open}, such as ENOENT, EACCES
     */
    public static Fd openToReplace(Path path) {
        return open(path, O_WRONLY | O_TRUNC);
    }

    private static Fd open(Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            long name = NativePath.allocate(arena, path).address();
            int opened = Libc.open(name, flags | O_CLOEXEC | O_NOCTTY);
            return own(Libc.check(opened, "open", path.toString()));
        }
    }

    /**
     * Opens a path without opening the file there (O_PATH): to most calls such a descriptor is not
     * open.
     *
     * @param path of what
     * @return the owner of the new descriptor
     * @throws LinuxException with the errno of {@code open}, such as ENOENT
     */
    public static Fd openPathOnly(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            long name = NativePath.allocate(arena, path).address();
            return own(Libc.check(Libc.open(name, O_CLOEXEC | O_PATH), "open", path + " (O_PATH)"));
        }
    }

    /**
     * Returns the number, for structures and messages that name a descriptor by it. It may be given
     * back to the kernel as soon as this is closed: a caller that passes it on sees to it that
     * nobody closes this meanwhile.
     *
     * @return the descriptor's number
     * @throws IllegalStateException if this is closed
     */
    public int number() {
        if (!uses.isOpen()) {
            throw closed();
        }
        return number;
    }

    /**
     * Tells whether this is still open; another thread may close it any moment.
     *
     * @return false once {@link #close} was called
     */
    public boolean isOpen() {
        return uses.isOpen();
    }

    /**
     * Makes a second descriptor of the same open file.
     *
     * @return its owner
     * @throws LinuxException with EMFILE if the process may not have more descriptors
     * @throws IllegalStateException if this is closed
     */
    public Fd duplicate() {
        int fd = enter();
        try {
            return own(Libc.check(Libc.fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl", "F_DUPFD_CLOEXEC"));
        } finally {
            leave();
        }
    }

    /**
     * Reads from a position of the file, by one {@code pread}: what a device region or a sparse
     * file needs, where the width of an access matters.
     *
     * @param fileOffset position in the file, in bytes
     * @param destination where to put the bytes
     * @param offset where in the destination
     * @param length how many bytes at most
     * @return how many were read: fewer than asked at the end of the file
     * @throws LinuxException with the errno of {@code pread}
     * @throws IndexOutOfBoundsException if the range is not inside the destination
     * @throws IllegalStateException if this or the destination is closed
     */
    public long read(long fileOffset, Memory destination, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, destination.size());
        int fd = enter();
        try {
            long address = destination.enter() + offset;
            try {
                long count;
                do {
                    count = Libc.pread(fd, address, length, fileOffset);
                } while (count == -Libc.EINTR);
                return Libc.check(count, "pread", "");
            } finally {
                destination.leave();
            }
        } finally {
            leave();
        }
    }

    /**
     * Writes to a position of the file, by one {@code pwrite}.
     *
     * @param fileOffset position in the file, in bytes
     * @param source where the bytes are
     * @param offset where in the source
     * @param length how many bytes at most
     * @return how many were written
     * @throws LinuxException with the errno of {@code pwrite}
     * @throws IndexOutOfBoundsException if the range is not inside the source
     * @throws IllegalStateException if this or the source is closed
     */
    public long write(long fileOffset, Memory source, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, source.size());
        int fd = enter();
        try {
            long address = source.enter() + offset;
            try {
                long count;
                do {
                    count = Libc.pwrite(fd, address, length, fileOffset);
                } while (count == -Libc.EINTR);
                return Libc.check(count, "pwrite", "");
            } finally {
                source.leave();
            }
        } finally {
            leave();
        }
    }

    /**
     * Reads a little-endian value from a position of the file, by one {@code pread} of that width.
     * Allocates nothing.
     *
     * @param fileOffset position in the file, in bytes
     * @param width 1 to 8 bytes
     * @return the value, zero-extended
     * @throws LinuxException with the errno of {@code pread}
     * @throws ShortTransferException if fewer bytes came
     * @throws IllegalStateException if this is closed
     */
    public long readValue(long fileOffset, int width) {
        Objects.checkIndex(width - 1, Long.BYTES);
        int fd = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            scratch.putLong(0, 0);
            long count;
            do {
                count = Libc.pread(fd, scratch.address(), width, fileOffset);
            } while (count == -Libc.EINTR);
            requireAll(count, "pread", width);
            return scratch.getLong(0);
        } finally {
            leave();
        }
    }

    /**
     * Writes a little-endian value to a position of the file, by one {@code pwrite} of that width.
     * Allocates nothing.
     *
     * @param fileOffset position in the file, in bytes
     * @param value the bytes, from the lowest on
     * @param width 1 to 8 bytes
     * @throws LinuxException with the errno of {@code pwrite}
     * @throws ShortTransferException if fewer bytes were taken
     * @throws IllegalStateException if this is closed
     */
    public void writeValue(long fileOffset, long value, int width) {
        Objects.checkIndex(width - 1, Long.BYTES);
        int fd = enter();
        try {
            Scratch scratch = Scratch.ofThread();
            scratch.putLong(0, value);
            long count;
            do {
                count = Libc.pwrite(fd, scratch.address(), width, fileOffset);
            } while (count == -Libc.EINTR);
            requireAll(count, "pwrite", width);
        } finally {
            leave();
        }
    }

    private static void requireAll(long count, String call, int wanted) {
        if (Libc.check(count, call, "") != wanted) {
            throw new ShortTransferException(call, count, wanted);
        }
    }

    /**
     * Closes the descriptor, or leaves that to the last call inside. Closing again does nothing.
     */
    @Override
    public void close() {
        if (uses.close()) {
            free();
        }
    }

    /**
     * Counts this process's open descriptors, whoever opened them: for tests of leaks.
     *
     * @return the number of entries of {@code /proc/self/fd}, without the one that reads it
     */
    public static int openCount() {
        String[] entries = new File("/proc/self/fd").list();
        if (entries == null) {
            throw new IllegalStateException("/proc/self/fd cannot be read: is /proc mounted?");
        }
        return entries.length - 1;
    }

    @Override
    public String toString() {
        return uses.isOpen() ? "fd " + number : "fd " + number + " (closed)";
    }

    /**
     * Enters for one call; the number stays this file's until {@link #leave}.
     *
     * @throws IllegalStateException if this is closed
     */
    int enter() {
        if (!uses.enter()) {
            throw closed();
        }
        return number;
    }

    void leave() {
        if (uses.leave()) {
            free();
        }
    }

    /** As {@link #enter}, for those to whom a closed descriptor is no error. */
    boolean tryEnter() {
        return uses.enter();
    }

    /** The number, for one who is inside. */
    int entered() {
        return number;
    }

    /** How many are inside at this moment. */
    int users() {
        return uses.users();
    }

    private IllegalStateException closed() {
        return new IllegalStateException("descriptor " + number + " is closed");
    }

    private void free() {
        // Linux gives the number back whatever close returns, so there is nothing to do about it.
        int _ = Libc.close(number);
    }
}
