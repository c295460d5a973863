/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.Memory;

/** A little-endian number of 1, 2, 4 or 8 bytes, zero-extended to a long. */
final class Word {
    private Word() {}

    static long load(Memory memory, long at, int width) {
        return switch (width) {
            case 1 -> memory.getByte(at) & 0xffL;
            case 2 -> memory.getShort(at) & 0xffffL;
            case 4 -> memory.getInt(at) & 0xffff_ffffL;
            case 8 -> memory.getLong(at);
            default -> throw badWidth(width);
        };
    }

    static void store(Memory memory, long at, int width, long value) {
        switch (width) {
            case 1 -> memory.putByte(at, (byte) value);
            case 2 -> memory.putShort(at, (short) value);
            case 4 -> memory.putInt(at, (int) value);
            case 8 -> memory.putLong(at, value);
            default -> throw badWidth(width);
        }
    }

    static long load(Mapping mapping, long at, int width) {
        return switch (width) {
            case 1 -> mapping.getByte(at) & 0xffL;
            case 2 -> mapping.getShort(at) & 0xffffL;
            case 4 -> mapping.getInt(at) & 0xffff_ffffL;
            case 8 -> mapping.getLong(at);
            default -> throw badWidth(width);
        };
    }

    static void store(Mapping mapping, long at, int width, long value) {
        switch (width) {
            case 1 -> mapping.putByte(at, (byte) value);
            case 2 -> mapping.putShort(at, (short) value);
            case 4 -> mapping.putInt(at, (int) value);
            case 8 -> mapping.putLong(at, value);
            default -> throw badWidth(width);
        }
    }

    /** All ones: what a bus reads where nothing answers. */
    static long ones(int width) {
        return -1L >>> (64 - 8 * width);
    }

    /**
     * Refuses what is not naturally aligned.
     *
     * @throws IllegalArgumentException if the offset is no multiple of the width, or there is no
     *     such width
     */
    static void requireAligned(long offset, int width) {
        if (width != 1 && width != 2 && width != 4 && width != 8) {
            throw badWidth(width);
        }
        if ((offset & (width - 1)) != 0) {
            throw new IllegalArgumentException(
                    "offset 0x%x is no multiple of %d".formatted(offset, width));
        }
    }

    private static IllegalArgumentException badWidth(int width) {
        return new IllegalArgumentException(
                "an access is 1, 2, 4 or 8 bytes wide, not %d".formatted(width));
    }
}
