/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * An owned block of native memory, addressed by byte offset, little-endian at any alignment.
 *
 * <p>Lifetime: from {@link #allocate} to {@link #close}; an access afterwards throws
 * IllegalStateException. A call of this module that the kernel is still busy with keeps the block
 * until it returns, and a {@link #hold} until it is closed; accesses then may go on as long. A
 * block that is never closed is never freed.
 *
 * <p>Threads: any thread may access any byte; accesses are plain, so what one thread writes another
 * sees only after the two have synchronized in some other way. The accessors allocate nothing.
 *
 * <p>All offsets and lengths are in bytes. A range that is not inside the block throws
 * IndexOutOfBoundsException and touches nothing.
 */
public final class Memory implements AutoCloseable {
    private static final long PAGE = 4096;

    /** Bytes: a multiple of every Linux's page size. */
    private static final long LARGEST_PAGE = 64 * 1024;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int PROT_NONE = 0;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_FIXED = 0x10;
    private static final int MAP_ANONYMOUS = 0x20;

    private final Arena arena;
    private final UseCount uses = new UseCount();
    private final MemorySegment segment;

    private Memory(Arena arena, MemorySegment segment) {
        this.arena = arena;
        this.segment = segment;
    }

    /**
     * Allocates a block of zeros. A block of 4096 bytes or more begins at a multiple of 4096.
     *
     * @param size bytes, 0 or more
     * @return the block, to be closed by the caller
     * @throws IllegalArgumentException if the size is negative
     * @throws OutOfMemoryError if the system has no such block
     */
    public static Memory allocate(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("a block's size is not negative: " + size);
        }
        Arena arena = Arena.ofShared();
        return new Memory(arena, arena.allocate(size, size >= PAGE ? PAGE : 8));
    }

    /**
     * Allocates a block of zeros behind whose end nothing can be read: for a structure that claims
     * to be longer than it is, to see the kernel stumble (EFAULT).
     *
     * @param size bytes, 0 to 1 MiB
     * @return the block, to be closed by the caller
     * @throws IllegalArgumentException if the size is out of range
     * @throws LinuxException with ENOMEM
     */
    @SuppressWarnings("restricted") // the size is what mmap has just given
    public static Memory allocateBeforeGap(long size) {
        if (size < 0 || size > 1 << 20) {
            throw new IllegalArgumentException("a block before a gap has 0 to 1 MiB: " + size);
        }
        // Reserved without access as a whole, so that the page behind is nobody else's.
        long pages = (size + LARGEST_PAGE - 1) & -LARGEST_PAGE;
        long whole = pages + LARGEST_PAGE;
        int flags = MAP_PRIVATE | MAP_ANONYMOUS;
        long start = Libc.check(Libc.mmap(0, whole, PROT_NONE, flags, -1, 0), "mmap", "");
        Arena arena = Arena.ofShared();
        MemorySegment all =
                MemorySegment.ofAddress(start)
                        .reinterpret(whole, arena, unmapped -> Libc.munmap(start, whole));
        if (pages > 0) {
            long again = Libc.mmap(start, pages, PROT_READ_WRITE, flags | MAP_FIXED, -1, 0);
            if (again < 0) {
                arena.close();
                Libc.check(again, "mmap", pages + " bytes");
            }
        }
        return new Memory(arena, all.asSlice(pages - size, size));
    }

    /**
     * Returns the block's size.
     *
     * @return bytes
     */
    public long size() {
        return segment.byteSize();
    }

    /**
     * Returns where the block is, for structures that point to it. The number is good until {@link
     * #close}; it is the caller's part to keep the block open while the kernel uses the pointer.
     *
     * @return the address of byte 0
     * @throws IllegalStateException if this is closed
     */
    public long address() {
        if (!uses.isOpen()) {
            throw closed();
        }
        return segment.address();
    }

    /**
     * Keeps the block where it is until the hold is closed, even if this is closed before.
     *
     * @return the hold, to be closed by the caller
     * @throws IllegalStateException if this is closed
     */
    public Hold hold() {
        return new Hold(enter(), this::leave);
    }

    /**
     * Reads a byte.
     *
     * @param offset where
     * @return the byte, sign-extended as Java does
     */
    public byte getByte(long offset) {
        return segment.get(ValueLayout.JAVA_BYTE, offset);
    }

    /**
     * Reads two bytes, little-endian.
     *
     * @param offset where, at any alignment
     * @return the value
     */
    public short getShort(long offset) {
        return segment.get(SHORT, offset);
    }

    /**
     * Reads four bytes, little-endian.
     *
     * @param offset where, at any alignment
     * @return the value
     */
    public int getInt(long offset) {
        return segment.get(INT, offset);
    }

    /**
     * Reads eight bytes, little-endian.
     *
     * @param offset where, at any alignment
     * @return the value
     */
    public long getLong(long offset) {
        return segment.get(LONG, offset);
    }

    /**
     * Writes a byte.
     *
     * @param offset where
     * @param value the byte
     */
    public void putByte(long offset, byte value) {
        segment.set(ValueLayout.JAVA_BYTE, offset, value);
    }

    /**
     * Writes two bytes, little-endian.
     *
     * @param offset where, at any alignment
     * @param value the value
     */
    public void putShort(long offset, short value) {
        segment.set(SHORT, offset, value);
    }

    /**
     * Writes four bytes, little-endian.
     *
     * @param offset where, at any alignment
     * @param value the value
     */
    public void putInt(long offset, int value) {
        segment.set(INT, offset, value);
    }

    /**
     * Writes eight bytes, little-endian.
     *
     * @param offset where, at any alignment
     * @param value the value
     */
    public void putLong(long offset, long value) {
        segment.set(LONG, offset, value);
    }

    /**
     * Copies bytes out into an array.
     *
     * @param offset where to begin in this block
     * @param destination the array
     * @param destinationOffset where to begin in the array
     * @param length how many bytes
     */
    public void get(long offset, byte[] destination, int destinationOffset, int length) {
        MemorySegment.copy(
                segment, ValueLayout.JAVA_BYTE, offset, destination, destinationOffset, length);
    }

    /**
     * Copies bytes in from an array.
     *
     * @param offset where to begin in this block
     * @param source the array
     * @param sourceOffset where to begin in the array
     * @param length how many bytes
     */
    public void put(long offset, byte[] source, int sourceOffset, int length) {
        MemorySegment.copy(source, sourceOffset, segment, ValueLayout.JAVA_BYTE, offset, length);
    }

    /**
     * Copies bytes from another block, or from this one: the ranges may overlap.
     *
     * @param source the block to copy from
     * @param sourceOffset where to begin in the source
     * @param offset where to begin in this block
     * @param length how many bytes
     */
    public void copy(Memory source, long sourceOffset, long offset, long length) {
        MemorySegment.copy(source.segment, sourceOffset, segment, offset, length);
    }

    /**
     * Fills a range with one byte.
     *
     * @param offset where to begin
     * @param length how many bytes
     * @param value the byte
     */
    public void fill(long offset, long length, byte value) {
        segment.asSlice(offset, length).fill(value);
    }

    /**
     * Tells whether this was closed.
     *
     * @return false once {@link #close} was called
     */
    public boolean isOpen() {
        return uses.isOpen();
    }

    /** Frees the block, or leaves that to the last call or hold. Closing again does nothing. */
    @Override
    public void close() {
        if (uses.close()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "memory of " + size() + " bytes" + (uses.isOpen() ? "" : " (closed)");
    }

    /** For {@link Mapping}, which copies to and from blocks; goes nowhere else. */
    MemorySegment segment() {
        return segment;
    }

    /**
     * Enters for one call of the kernel; the block stays until {@link #leave}.
     *
     * @return the address of byte 0
     * @throws IllegalStateException if this is closed
     */
    long enter() {
        if (!uses.enter()) {
            throw closed();
        }
        return segment.address();
    }

    void leave() {
        if (uses.leave()) {
            arena.close();
        }
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("this block of memory is closed");
    }
}
