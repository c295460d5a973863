/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.Arena;
import java.util.Objects;

/**
 * A file that lives in memory only, to be mapped and shared with other processes by passing its
 * descriptor.
 *
 * <p>Ownership: owns its descriptor; {@link #close} closes it. The file lives on as long as someone
 * maps it or holds another descriptor. Threads: any thread, any time.
 *
 * <p>Who holds a descriptor may change the file's size unless it is sealed: a process that maps a
 * file of another must reckon with {@link MappingFaultException}.
 */
public final class MemFd implements AutoCloseable {
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int SEEK_END = 2;

    private final Fd fd;

    private MemFd(Fd fd) {
        this.fd = fd;
    }

    /**
     * Makes a file of zeros.
     *
     * @param name what {@code /proc} shows for it, at most 249 bytes
     * @param size its size in bytes, 0 or more
     * @return its owner
     * @throws LinuxException with EMFILE or ENFILE if there are too many descriptors, EINVAL if the
     *     name is too long or the size negative, EFBIG if the size is too large
     */
    public static MemFd create(String name, long size) {
        return create(name, size, MFD_ALLOW_SEALING);
    }

    /** A file that nobody can seal, so that nobody can keep its owner from truncating it. */
    static MemFd createUnsealable(String name, long size) {
        return create(name, size, 0);
    }

    private static MemFd create(String name, long size, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            int number = Libc.memfdCreate(arena.allocateFrom(name).address(), flags | MFD_CLOEXEC);
            MemFd file = new MemFd(Fd.own(Libc.check(number, "memfd_create", name)));
            try {
                file.truncate(size);
                return file;
            } catch (RuntimeException refused) {
                file.close();
                throw refused;
            }
        }
    }

    /**
     * Returns the descriptor, which stays this object's: to map it, to send it.
     *
     * @return the descriptor, not to be closed by the caller
     */
    public Fd fd() {
        return fd;
    }

    /**
     * Returns the file's size at this moment.
     *
     * @return bytes
     * @throws IllegalStateException if this is closed
     */
    public long size() {
        int number = fd.enter();
        try {
            // Nothing here uses the file's position, so moving it does no harm.
            return Libc.check(Libc.lseek(number, 0, SEEK_END), "lseek", "");
        } finally {
            fd.leave();
        }
    }

    /**
     * Changes the file's size. What is beyond a smaller size is gone, in every process: an access
     * to it through a mapping faults. What is added reads as zeros.
     *
     * @param size the new size in bytes
     * @throws LinuxException with EINVAL if the size is negative, EFBIG if it is too large, EPERM
     *     if the file was sealed against it
     * @throws IllegalStateException if this is closed
     */
    public void truncate(long size) {
        int number = fd.enter();
        try {
            int result;
            do {
                result = Libc.ftruncate(number, size);
            } while (result == -Libc.EINTR);
            Libc.check(result, "ftruncate", "to " + size + " bytes");
        } finally {
            fd.leave();
        }
    }

    /**
     * Forbids, for ever and to everyone, to make the file smaller or larger or to add seals: who
     * maps it never sees a fault.
     *
     * @throws LinuxException with EPERM if other seals were made final before
     * @throws IllegalStateException if this is closed
     */
    public void sealSize() {
        final int sealSeals = 1;
        final int sealShrink = 2;
        final int sealGrow = 4;
        int number = fd.enter();
        try {
            int result = Libc.fcntl(number, F_ADD_SEALS, sealSeals | sealShrink | sealGrow);
            Libc.check(result, "fcntl", "F_ADD_SEALS");
        } finally {
            fd.leave();
        }
    }

    /**
     * Reads from the file, all of what is asked for.
     *
     * @param fileOffset where to begin in the file
     * @param destination where to put it
     * @param offset where to begin in the destination
     * @param length how many bytes
     * @throws IndexOutOfBoundsException if the range is not inside the destination, or if the file
     *     ends before it
     * @throws LinuxException with the errno of {@code pread}
     * @throws IllegalStateException if this or the destination is closed
     */
    public void read(long fileOffset, Memory destination, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, destination.size());
        long done = 0;
        while (done < length) {
            long count = fd.read(fileOffset + done, destination, offset + done, length - done);
            if (count == 0) {
                throw new IndexOutOfBoundsException(
                        "the file ends at "
                                + size()
                                + ", before the end of "
                                + length
                                + " bytes at "
                                + fileOffset);
            }
            done += count;
        }
    }

    /**
     * Writes to the file, all of what is given; a write past the end makes the file larger.
     *
     * @param fileOffset where to begin in the file
     * @param source where to take it from
     * @param offset where to begin in the source
     * @param length how many bytes
     * @throws IndexOutOfBoundsException if the range is not inside the source
     * @throws LinuxException with the errno of {@code pwrite}, such as ENOSPC if memory is short,
     *     EPERM if the file was sealed against it
     * @throws IllegalStateException if this or the source is closed
     */
    public void write(long fileOffset, Memory source, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, source.size());
        long done = 0;
        while (done < length) {
            done += fd.write(fileOffset + done, source, offset + done, length - done);
        }
    }

    /** Closes the descriptor. Closing again does nothing. */
    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return "memfd " + fd;
    }
}
