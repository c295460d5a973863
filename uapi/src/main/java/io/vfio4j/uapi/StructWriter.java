/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Writes one structure field by field, in the layout's order. Padding that the compiler puts
 * between fields is cleared first, so that nothing of the memory's former content leaves the
 * process.
 */
final class StructWriter {
    private final StructLayout layout;
    private final Memory memory;
    private final long at;
    private int next;

    /** IndexOutOfBoundsException if the memory ends before the structure does. */
    StructWriter(StructLayout layout, Memory memory, long at) {
        this.layout = layout;
        this.memory = memory;
        this.at = at;
        memory.fill(at, layout.size(), (byte) 0);
    }

    StructWriter u8(String member, int value) {
        memory.putByte(take(member, StructLayout.Kind.U8), (byte) value);
        return this;
    }

    StructWriter u16(String member, int value) {
        memory.putShort(take(member, StructLayout.Kind.U16), (short) value);
        return this;
    }

    StructWriter u32(String member, int value) {
        memory.putInt(take(member, StructLayout.Kind.U32), value);
        return this;
    }

    StructWriter u64(String member, long value) {
        memory.putLong(take(member, StructLayout.Kind.U64), value);
        return this;
    }

    StructWriter s32(String member, int value) {
        memory.putInt(take(member, StructLayout.Kind.S32), value);
        return this;
    }

    /** Where a structure inside the structure starts, for its own {@code write}. */
    long struct(String member) {
        return take(member, StructLayout.Kind.STRUCT);
    }

    /** Leaves a reserved field zero. */
    StructWriter zero(String member) {
        layout.expect(next++, member);
        return this;
    }

    private long take(String member, StructLayout.Kind kind) {
        return at + layout.expect(next++, member, kind).offset();
    }
}
