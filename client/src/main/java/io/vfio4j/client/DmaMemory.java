/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FileStatus;
import io.vfio4j.linux.Hold;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;

/**
 * Memory to share with devices: a memory file, which a device in another process maps, and this
 * process's mapping of it. One block can be given to several devices.
 *
 * <p>Lifetime: from {@link #allocate} or {@link #of} to {@link #close}; unmap it from the devices
 * first. Access afterwards throws IllegalStateException. What a device of this machine has mapped
 * when this is closed is freed when the last {@link DmaWindow} goes, so that the device never
 * writes to what has become somebody else's; until then an access may still reach it.
 *
 * <p>Faults: nobody can change the size of what was allocated here, so no access faults. Whose file
 * it is can shorten it: an access to what is gone throws {@link
 * io.vfio4j.linux.MappingFaultException}. What a device of this machine has mapped by then, it
 * keeps.
 *
 * <p>Threads: any. Each accessor is one access of its width, little-endian, at an offset that is a
 * multiple of it (else IllegalArgumentException; IndexOutOfBoundsException outside). The processor
 * may reorder accesses: order them by an access of the device, which waits for its answer.
 */
public final class DmaMemory implements AutoCloseable {
    private static final long PAGE = 4096;

    private final Fd file;
    private final long offset;
    private final Mapping mapping;

    /**
     * Which memory it is: two that are open at the same time and have the same identity are the
     * same bytes.
     *
     * @param device the file system that has the file
     * @param inode which of its files
     * @param offset where in it, bytes
     * @param size bytes
     */
    public record Identity(long device, long inode, long offset, long size) {}

    private DmaMemory(Fd file, long offset, Mapping mapping) {
        this.file = file;
        this.offset = offset;
        this.mapping = mapping;
    }

    /**
     * Allocates zeros.
     *
     * @param size bytes; a device takes whole pages of 4096
     * @return the memory, to be closed by the caller
     * @throws io.vfio4j.linux.LinuxException with ENOMEM or EMFILE
     * @throws IllegalArgumentException if the size is less than 1
     */
    public static DmaMemory allocate(long size) {
        if (size < 1) {
            throw new IllegalArgumentException("DMA memory has at least 1 byte: " + size);
        }
        MemFd file = MemFd.create("vfio4j-dma", size);
        try {
            file.sealSize();
            return new DmaMemory(file.fd(), 0, Mapping.map(file.fd(), 0, size, true));
        } catch (RuntimeException failed) {
            file.close();
            throw failed;
        }
    }

    /**
     * Takes memory that somebody has sent a descriptor of, such as a virtual machine's: a memfd, or
     * a file of tmpfs or hugetlbfs, there of pages of 4096 bytes too.
     *
     * @param file the descriptor; taken over from the call on: {@link #close} closes it, and so
     *     does this if it throws
     * @param offset where in the file, bytes, a multiple of 4096
     * @param size bytes, a multiple of 4096
     * @param writable whether it may be written, by devices too; the descriptor must then allow it
     * @return the memory, to be closed by the caller
     * @throws VfioException with EINVAL if that is no file, or no whole pages, or if they end after
     *     the file; EACCES if the descriptor does not allow it; else what the kernel says to the
     *     mapping, such as ENODEV if the file cannot be mapped, ENOMEM
     */
    public static DmaMemory of(Fd file, long offset, long size, boolean writable) {
        String what = "%d bytes at %d of %s".formatted(size, offset, file);
        try {
            requireRange(what, offset, size);
            requireFile(what, FileStatus.of(file), offset + size);
            return new DmaMemory(file, offset, Mapping.map(file, offset, size, writable));
        } catch (LinuxException refused) {
            file.close();
            throw refused(what, refused);
        } catch (RuntimeException refused) {
            file.close();
            throw refused;
        }
    }

    private static void requireRange(String what, long offset, long size) {
        if (size < 1 || ((offset | size) & (PAGE - 1)) != 0) {
            throw invalid(what, "they are no whole pages of %d bytes".formatted(PAGE));
        }
        if (offset < 0 || offset > Long.MAX_VALUE - size) {
            throw invalid(what, "no file has them");
        }
    }

    private static void requireFile(String what, FileStatus status, long end) {
        if (status.kind() != FileStatus.Kind.FILE) {
            throw invalid(
                    what,
                    "it is %s: memory is shared by a memfd, or by a file of tmpfs or hugetlbfs"
                            .formatted(status.kind().words()));
        }
        if (endsBefore(status, end)) {
            throw invalid(what, "the file has %d".formatted(status.size()));
        }
    }

    /** Whether the last page is missing as a whole; what a file has of its last page will do. */
    private static boolean endsBefore(FileStatus status, long end) {
        return end - status.size() >= PAGE;
    }

    private static VfioException invalid(String what, String why) {
        return Answers.failed(Errno.EINVAL, "taking %s for DMA".formatted(what), ": " + why);
    }

    private static VfioException refused(String what, LinuxException refused) {
        String advice =
                refused.errno().equals(Errno.EACCES)
                        ? ": the descriptor must be open for reading, and for writing where devices write"
                        : "";
        return Answers.failed(refused.errno(), "taking %s for DMA".formatted(what), advice);
    }

    /**
     * Refuses what no device can be given at this moment. A file may become shorter at any moment,
     * so that who maps it looks out all the same.
     */
    void require(DmaDirection direction, String what) {
        if (direction.writableByDevice() && !isWritable()) {
            throw Answers.failed(
                    Errno.EACCES, what, ": the device shall write it, and it may only be read");
        }
        FileStatus status = FileStatus.of(file);
        if (endsBefore(status, offset + size())) {
            throw Answers.failed(
                    Errno.EFAULT,
                    what,
                    ": its file has become too short: it has %d bytes, and the memory is up to %d"
                            .formatted(status.size(), offset + size()));
        }
    }

    /** Bytes. */
    public long size() {
        return mapping.size();
    }

    /**
     * The file's descriptor, which stays this object's.
     *
     * @throws IllegalStateException when it is used after {@link #close}
     */
    public Fd fd() {
        return file;
    }

    /** Where in the file it begins, bytes. */
    public long offset() {
        return offset;
    }

    /** Whether it may be written. */
    public boolean isWritable() {
        return mapping.isWritable();
    }

    /**
     * Tells which memory it is, for one who sees several.
     *
     * @throws IllegalStateException after {@link #close}
     */
    public Identity identity() {
        FileStatus status = FileStatus.of(file);
        return new Identity(status.device(), status.inode(), offset, size());
    }

    /** Keeps it where it is in this process. */
    Hold hold() {
        return mapping.hold();
    }

    /** Reads one byte. */
    public byte getByte(long offset) {
        return mapping.getByte(offset);
    }

    /** Reads two bytes. */
    public short getShort(long offset) {
        return mapping.getShort(offset);
    }

    /** Reads four bytes. */
    public int getInt(long offset) {
        return mapping.getInt(offset);
    }

    /** Reads eight bytes. */
    public long getLong(long offset) {
        return mapping.getLong(offset);
    }

    /** Writes one byte. */
    public void putByte(long offset, byte value) {
        mapping.putByte(offset, value);
    }

    /** Writes two bytes. */
    public void putShort(long offset, short value) {
        mapping.putShort(offset, value);
    }

    /** Writes four bytes. */
    public void putInt(long offset, int value) {
        mapping.putInt(offset, value);
    }

    /** Writes eight bytes. */
    public void putLong(long offset, long value) {
        mapping.putLong(offset, value);
    }

    /** Copies {@code length} bytes out into an array. */
    public void get(long offset, byte[] destination, int destinationOffset, int length) {
        mapping.get(offset, destination, destinationOffset, length);
    }

    /** Copies {@code length} bytes in from an array. */
    public void put(long offset, byte[] source, int sourceOffset, int length) {
        mapping.put(offset, source, sourceOffset, length);
    }

    /** Copies {@code length} bytes out into a block. */
    public void copyTo(long offset, Memory destination, long destinationOffset, long length) {
        mapping.copyTo(offset, destination, destinationOffset, length);
    }

    /** Copies {@code length} bytes in from a block. */
    public void copyFrom(long offset, Memory source, long sourceOffset, long length) {
        mapping.copyFrom(offset, source, sourceOffset, length);
    }

    /** Gives the memory back, or leaves that to the last window. Closing again does nothing. */
    @Override
    public void close() {
        mapping.close();
        file.close();
    }

    @Override
    public String toString() {
        return "DMA memory of " + size() + " bytes";
    }
}
