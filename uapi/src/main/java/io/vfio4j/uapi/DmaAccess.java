/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The payload of DMA_READ and DMA_WRITE, and of their replies, read and written in place: nothing
 * is allocated. A write and a read's reply have {@code count} bytes of data behind it.
 */
public final class DmaAccess {
    /** The fields, for tests and tools; the accessors use the constants below. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_dma_region_access")
                    .u64("address")
                    .u64("count")
                    .flexible("data");

    /** Bytes before the data. */
    public static final int SIZE = 16;

    /**
     * Least bytes in a DMA_WRITE reply's payload. The protocol's table gives that reply a count of
     * four bytes; implementations send eight. Both begin with the same bytes.
     */
    public static final int SHORTEST_WRITE_REPLY = 12;

    /** Offset of the device address, u64. */
    public static final int ADDRESS = 0;

    /** Offset of the number of bytes, u64. */
    public static final int COUNT = 8;

    /** Offset of the data. */
    public static final int DATA = 16;

    private DmaAccess() {}

    /** First device address, u64. */
    public static long address(Memory memory, long at) {
        return memory.getLong(at + ADDRESS);
    }

    /** Bytes to move, u64: a peer may lie, and negative is more than any message holds. */
    public static long count(Memory memory, long at) {
        return memory.getLong(at + COUNT);
    }

    /** Writes the two fields. */
    public static void write(Memory memory, long at, long address, long count) {
        memory.putLong(at + ADDRESS, address);
        memory.putLong(at + COUNT, count);
    }
}
