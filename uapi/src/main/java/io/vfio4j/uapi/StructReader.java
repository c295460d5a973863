/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

import java.util.Objects;

/**
 * Reads one structure field by field, in the layout's order; asking for another field than the next
 * one is a mistake in the record and fails at once.
 */
final class StructReader {
    private final StructLayout layout;
    private final Memory memory;
    private final long at;
    private int next;

    /** IndexOutOfBoundsException if the memory ends before the structure does. */
    StructReader(StructLayout layout, Memory memory, long at) {
        Objects.checkFromIndexSize(at, layout.size(), memory.size());
        this.layout = layout;
        this.memory = memory;
        this.at = at;
    }

    int u8(String member) {
        return memory.getByte(take(member, StructLayout.Kind.U8)) & 0xff;
    }

    int u16(String member) {
        return memory.getShort(take(member, StructLayout.Kind.U16)) & 0xffff;
    }

    int u32(String member) {
        return memory.getInt(take(member, StructLayout.Kind.U32));
    }

    long u64(String member) {
        return memory.getLong(take(member, StructLayout.Kind.U64));
    }

    int s32(String member) {
        return memory.getInt(take(member, StructLayout.Kind.S32));
    }

    /** Where a structure inside the structure starts, for its own {@code read}. */
    long struct(String member) {
        return take(member, StructLayout.Kind.STRUCT);
    }

    /** Passes over a reserved field. */
    StructReader skip(String member) {
        layout.expect(next++, member);
        return this;
    }

    private long take(String member, StructLayout.Kind kind) {
        return at + layout.expect(next++, member, kind).offset();
    }
}
