/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A file's or device's pages in this process's memory, shared with whoever else maps them, behind
 * accessors that survive the backing's disappearance.
 *
 * <p>Lifetime: from {@link #map} to {@link #close}, which unmaps; closing waits for accessors
 * inside, and an access afterwards throws IllegalStateException. The descriptor may be closed
 * before.
 *
 * <p>Threads: any thread, any time. Each single accessor is one access of that width, neither torn,
 * dropped, repeated, merged nor moved past another accessor by the compiler, which cannot see
 * through the fence below; it is no barrier to the processor. The bulk methods copy in whatever
 * pieces suit the machine.
 *
 * <p>Faults: an access to a page that nothing backs any more (the file was truncated, the device
 * sleeps) throws {@link MappingFaultException}; the virtual machine lives on and so does the
 * mapping. How: HotSpot turns the bus error into an InternalError, but in compiled code only at the
 * next safepoint poll, which is often outside the method that faulted, and until then the program
 * would go on with whatever the register held. So each access is followed by a <em>fence</em>, a
 * call into the C library that does nothing but pass such a poll on return, inside the same try; no
 * value gets out before it. And since an interpreting virtual machine dies of a fault in any but
 * the plainest instruction (an exchange, which is what a volatile or opaque store and a
 * compare-and-set are there), there are plain loads, stores and copies only, and the segment is
 * never handed out.
 *
 * <p>All offsets and lengths are in bytes. An offset outside the mapping throws
 * IndexOutOfBoundsException; one that is not a multiple of the accessor's width throws
 * IllegalArgumentException; a write through a read-only mapping throws
 * UnsupportedOperationException. The accessors allocate nothing.
 */
public final class Mapping implements AutoCloseable {
    private static final long PAGE = 4096;
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena arena = Arena.ofShared();
    private final UseCount uses = new UseCount();
    private final MemorySegment segment;
    private final boolean writable;

    /** The part that was asked for, of what the kernel has mapped. */
    @SuppressWarnings("restricted") // the size is what mmap has just given
    private Mapping(long address, long whole, long begin, long length, boolean writable) {
        this.segment =
                MemorySegment.ofAddress(address)
                        .reinterpret(whole, arena, unmapped -> unmap(address, whole))
                        .asSlice(begin, length);
        this.writable = writable;
    }

    /**
     * Maps a part of a file or device, shared. Of a file in hugetlbfs, the part may begin and end
     * inside a huge page: the whole of it is mapped, and not accessible beyond the part. A file
     * there that may be written grows to the mapping's end, if it was shorter.
     *
     * @param fd what to map
     * @param offset where in the file, a multiple of the page size, not of a huge page's
     * @param length how many bytes, at least 1
     * @param writable whether it may be written, which the descriptor must allow
     * @return the mapping, to be closed by the caller
     * @throws LinuxException with the errno of {@code mmap}: EINVAL for a bad offset, EACCES if the
     *     descriptor does not allow it, ENODEV if the file cannot be mapped, ENOMEM
     * @throws IllegalArgumentException if the length is less than 1
     * @throws IllegalStateException if the descriptor is closed
     */
    public static Mapping map(Fd fd, long offset, long length, boolean writable) {
        if (length < 1) {
            throw new IllegalArgumentException("a mapping has at least 1 byte: " + length);
        }
        int number = fd.enter();
        try {
            int protection = PROT_READ | (writable ? PROT_WRITE : 0);
            long unit = HugePages.sizeOf(number);
            long begin = offset & (unit - 1) & -PAGE;
            long whole = (begin + length + unit - 1) & -unit;
            long address = Libc.mmap(0, whole, protection, MAP_SHARED, number, offset - begin);
            Libc.check(address, "mmap", length + " bytes at " + offset + " of " + fd);
            return new Mapping(address, whole, begin, length, writable);
        } finally {
            fd.leave();
        }
    }

    /**
     * Returns the mapping's size.
     *
     * @return bytes, as asked of {@link #map}
     */
    public long size() {
        return segment.byteSize();
    }

    /**
     * Tells whether the put methods may be used.
     *
     * @return as asked of {@link #map}
     */
    public boolean isWritable() {
        return writable;
    }

    /**
     * Returns where the mapping is, for structures that point to it, such as a DMA mapping. It is
     * the caller's part to keep this open while the kernel uses the pointer.
     *
     * @return the address of byte 0
     * @throws IllegalStateException if this is closed
     */
    public long address() {
        if (!uses.isOpen()) {
            throw new IllegalStateException("this mapping is closed");
        }
        return segment.address();
    }

    /**
     * Keeps the mapping where it is until the hold is closed, even if this is closed before.
     *
     * @return the hold, to be closed by the caller
     * @throws IllegalStateException if this is closed
     */
    public Hold hold() {
        if (!uses.enter()) {
            throw new IllegalStateException("this mapping is closed");
        }
        return new Hold(segment.address(), this::leave);
    }

    private void leave() {
        if (uses.leave()) {
            arena.close();
        }
    }

    /**
     * Reads one byte.
     *
     * @param offset where
     * @return the value
     */
    public byte getByte(long offset) {
        try {
            byte value = segment.get(BYTE, offset);
            Libc.fence(value);
            return value;
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 1, fault);
        }
    }

    /**
     * Reads two bytes at once, little-endian.
     *
     * @param offset where, a multiple of 2
     * @return the value
     */
    public short getShort(long offset) {
        try {
            short value = segment.get(SHORT, offset);
            Libc.fence(value);
            return value;
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 2, fault);
        }
    }

    /**
     * Reads four bytes at once, little-endian.
     *
     * @param offset where, a multiple of 4
     * @return the value
     */
    public int getInt(long offset) {
        try {
            int value = segment.get(INT, offset);
            Libc.fence(value);
            return value;
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 4, fault);
        }
    }

    /**
     * Reads eight bytes at once, little-endian.
     *
     * @param offset where, a multiple of 8
     * @return the value
     */
    public long getLong(long offset) {
        try {
            long value = segment.get(LONG, offset);
            Libc.fence(value);
            return value;
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 8, fault);
        }
    }

    /**
     * Writes one byte.
     *
     * @param offset where
     * @param value the value
     */
    public void putByte(long offset, byte value) {
        requireWritable();
        try {
            segment.set(BYTE, offset, value);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 1, fault);
        }
    }

    /**
     * Writes two bytes at once, little-endian.
     *
     * @param offset where, a multiple of 2
     * @param value the value
     */
    public void putShort(long offset, short value) {
        requireWritable();
        try {
            segment.set(SHORT, offset, value);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 2, fault);
        }
    }

    /**
     * Writes four bytes at once, little-endian.
     *
     * @param offset where, a multiple of 4
     * @param value the value
     */
    public void putInt(long offset, int value) {
        requireWritable();
        try {
            segment.set(INT, offset, value);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 4, fault);
        }
    }

    /**
     * Writes eight bytes at once, little-endian.
     *
     * @param offset where, a multiple of 8
     * @param value the value
     */
    public void putLong(long offset, long value) {
        requireWritable();
        try {
            segment.set(LONG, offset, value);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, 8, fault);
        }
    }

    /**
     * Copies bytes out into an array.
     *
     * @param offset where to begin in this mapping
     * @param destination the array; after a fault some of the range may be overwritten
     * @param destinationOffset where to begin in the array
     * @param length how many bytes
     */
    public void get(long offset, byte[] destination, int destinationOffset, int length) {
        try {
            MemorySegment.copy(
                    segment, ValueLayout.JAVA_BYTE, offset, destination, destinationOffset, length);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, length, fault);
        }
    }

    /**
     * Copies bytes in from an array.
     *
     * @param offset where to begin in this mapping
     * @param source the array
     * @param sourceOffset where to begin in the array
     * @param length how many bytes
     */
    public void put(long offset, byte[] source, int sourceOffset, int length) {
        requireWritable();
        try {
            MemorySegment.copy(
                    source, sourceOffset, segment, ValueLayout.JAVA_BYTE, offset, length);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, length, fault);
        }
    }

    /**
     * Copies bytes out into a block of memory.
     *
     * @param offset where to begin in this mapping
     * @param destination the block; after a fault some of the range may be overwritten
     * @param destinationOffset where to begin in the block
     * @param length how many bytes
     */
    public void copyTo(long offset, Memory destination, long destinationOffset, long length) {
        try {
            MemorySegment.copy(segment, offset, destination.segment(), destinationOffset, length);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, length, fault);
        }
    }

    /**
     * Copies bytes in from a block of memory.
     *
     * @param offset where to begin in this mapping
     * @param source the block
     * @param sourceOffset where to begin in the block
     * @param length how many bytes
     */
    public void copyFrom(long offset, Memory source, long sourceOffset, long length) {
        requireWritable();
        try {
            MemorySegment.copy(source.segment(), sourceOffset, segment, offset, length);
            Libc.fence(0);
        } catch (InternalError fault) {
            throw new MappingFaultException(offset, length, fault);
        }
    }

    /**
     * Tells whether this was closed.
     *
     * @return false once {@link #close} was called
     */
    public boolean isOpen() {
        return uses.isOpen();
    }

    /**
     * Unmaps, or leaves that to the last {@link #hold}. Waits for accessors inside, which end or
     * throw IllegalStateException. Closing again does nothing.
     */
    @Override
    public void close() {
        if (uses.close()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "mapping of " + size() + " bytes" + (uses.isOpen() ? "" : " (closed)");
    }

    private void requireWritable() {
        if (!writable) {
            throw new UnsupportedOperationException("this mapping is read-only");
        }
    }

    private static void unmap(long address, long length) {
        Libc.check(Libc.munmap(address, length), "munmap", length + " bytes");
    }
}
