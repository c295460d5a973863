/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The payload of REGION_READ and REGION_WRITE, and of their replies, read and written in place:
 * nothing is allocated. A write and a read's reply have {@code count} bytes of data behind it.
 */
public final class RegionAccess {
    /** The fields, for tests and tools; the accessors use the constants below. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_region_access")
                    .u64("offset")
                    .u32("region")
                    .u32("count")
                    .flexible("data");

    /** Bytes before the data. */
    public static final int SIZE = 16;

    /** Offset of the offset into the region, u64. */
    public static final int OFFSET = 0;

    /** Offset of the region's index, u32. */
    public static final int REGION = 8;

    /** Offset of the number of bytes, u32. */
    public static final int COUNT = 12;

    /** Offset of the data. */
    public static final int DATA = 16;

    private RegionAccess() {}

    /** Offset into the region, u64: a negative value is out of any region. */
    public static long offset(Memory memory, long at) {
        return memory.getLong(at + OFFSET);
    }

    /** The region's index, u32: a negative value is out of range. */
    public static int region(Memory memory, long at) {
        return memory.getInt(at + REGION);
    }

    /** Bytes to move, 0 to 2^32-1: a peer may lie. */
    public static long count(Memory memory, long at) {
        return memory.getInt(at + COUNT) & 0xffff_ffffL;
    }

    /** Writes the three fields. */
    public static void write(Memory memory, long at, long offset, int region, int count) {
        memory.putLong(at + OFFSET, offset);
        memory.putInt(at + REGION, region);
        memory.putInt(at + COUNT, count);
    }
}
