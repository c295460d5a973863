/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The payload of REGION_WRITE_MULTI, read and written in place: nothing is allocated. A u64 tells
 * how many writes follow; the reply is that number alone.
 */
public final class RegionWriteMulti {
    /** The payload's start, for tests and tools. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_region_write_multi")
                    .u64("wr_cnt")
                    .flexible("wrs", Long.BYTES);

    /** One write, for tests and tools. */
    public static final StructLayout WRITE_LAYOUT =
            StructLayout.of("vfio_user_region_write_multi_entry")
                    .u64("offset")
                    .u32("region")
                    .u32("count")
                    .u64("data")
                    .end();

    /** Bytes before the first write, and of the reply's payload. */
    public static final int SIZE = 8;

    /** Bytes of one write. */
    public static final int WRITE_SIZE = 24;

    /** Largest number of bytes that one write moves. */
    public static final int MAX_COUNT = 8;

    private RegionWriteMulti() {}

    /** How many writes follow, u64: a peer may lie, and negative is more than any message holds. */
    public static long writes(Memory memory, long at) {
        return memory.getLong(at);
    }

    /** Sets how many writes follow, or were done. */
    public static void putWrites(Memory memory, long at, long writes) {
        memory.putLong(at, writes);
    }

    /**
     * Where write number {@code index} starts. Its first 16 bytes are a {@link RegionAccess}, its
     * data starts at {@link RegionAccess#DATA} and has room for {@link #MAX_COUNT} bytes.
     */
    public static long entry(long at, int index) {
        return at + SIZE + (long) index * WRITE_SIZE;
    }
}
