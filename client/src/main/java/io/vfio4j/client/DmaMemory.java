/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Hold;
import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;

/**
 * Memory to share with devices: a memory file, which a device in another process maps, and this
 * process's mapping of it. One block can be given to several devices.
 *
 * <p>Lifetime: from {@link #allocate} to {@link #close}; unmap it from the devices first. Access
 * afterwards throws IllegalStateException. What a device of this machine has mapped when this is
 * closed is freed when the last {@link DmaWindow} goes, so that the device never writes to what has
 * become somebody else's; until then an access may still reach it. Nobody can change its size, so
 * no access faults.
 *
 * <p>Threads: any. Each accessor is one access of its width, little-endian, at an offset that is a
 * multiple of it (else IllegalArgumentException; IndexOutOfBoundsException outside). The processor
 * may reorder accesses: order them by an access of the device, which waits for its answer.
 */
public final class DmaMemory implements AutoCloseable {
    private final MemFd file;
    private final Mapping mapping;

    private DmaMemory(MemFd file, Mapping mapping) {
        this.file = file;
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
            return new DmaMemory(file, Mapping.map(file.fd(), 0, size, true));
        } catch (RuntimeException failed) {
            file.close();
            throw failed;
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
        return file.fd();
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
