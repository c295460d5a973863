/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The layout of one C structure: its fields in the header's own names and order, with the offsets
 * that a C compiler gives them on a 64-bit machine.
 *
 * <p>A record of this package holds one as {@code LAYOUT} and reads and writes itself through it,
 * so that a test can compare what Java does with what {@code sizeof} and {@code offsetof} say.
 * Immutable and safe for any thread.
 */
public final class StructLayout {
    private final String name;
    private final List<Field> fields;
    private final Optional<String> flexible;
    private final int size;
    private final int alignment;

    private StructLayout(Builder builder) {
        name = builder.name;
        fields = List.copyOf(builder.fields);
        flexible = builder.flexible;
        alignment = builder.alignment;
        size = align(builder.end, alignment);
    }

    /** What a field holds. */
    public enum Kind {
        /** {@code __u8}. */
        U8,
        /** {@code __u16}. */
        U16,
        /** {@code __u32}. */
        U32,
        /** {@code __u64}, or a pointer. */
        U64,
        /** {@code __s32}. */
        S32,
        /** A structure inside the structure. */
        STRUCT
    }

    /**
     * One field.
     *
     * @param name the C member's name
     * @param kind what it holds
     * @param offset bytes from the start of the structure
     * @param size bytes
     */
    public record Field(String name, Kind kind, int offset, int size) {}

    /**
     * Starts a layout.
     *
     * @param name the C structure's tag, without {@code struct}
     */
    static Builder of(String name) {
        return new Builder(name);
    }

    /** The C structure's tag, such as {@code vfio_region_info}. */
    public String name() {
        return name;
    }

    /** Bytes that {@code sizeof} gives; a flexible array at the end is no part of it. */
    public int size() {
        return size;
    }

    /** Bytes to a multiple of which the structure is aligned. */
    public int alignment() {
        return alignment;
    }

    /** All fields, reserved ones too, in order. */
    public List<Field> fields() {
        return fields;
    }

    /** The name of the array of unstated length at the end, which starts at {@link #size()}. */
    public Optional<String> flexible() {
        return flexible;
    }

    /**
     * The field of that name.
     *
     * @throws IllegalArgumentException if the structure has none
     */
    public Field field(String member) {
        for (Field field : fields) {
            if (field.name().equals(member)) {
                return field;
            }
        }
        throw new IllegalArgumentException("struct " + name + " has no member " + member);
    }

    /**
     * Bytes from the start of the structure to the field of that name.
     *
     * @throws IllegalArgumentException if the structure has none
     */
    public int offset(String member) {
        return field(member).offset();
    }

    @Override
    public String toString() {
        return "struct " + name + " (" + size + " bytes)";
    }

    StructReader reader(Memory memory, long at) {
        return new StructReader(this, memory, at);
    }

    StructWriter writer(Memory memory, long at) {
        return new StructWriter(this, memory, at);
    }

    /** The field at that place, which the caller believes to be of that name and kind. */
    Field expect(int index, String member, Kind kind) {
        Field field = expect(index, member);
        if (field.kind() != kind) {
            throw new IllegalStateException(
                    name + "." + member + " is " + field.kind() + ", not " + kind);
        }
        return field;
    }

    /** The field at that place, which the caller believes to be of that name. */
    Field expect(int index, String member) {
        Field field = fields.get(index);
        if (!field.name().equals(member)) {
            throw new IllegalStateException(
                    name + "." + field.name() + " comes next, not " + member);
        }
        return field;
    }

    private static int align(int offset, int alignment) {
        return (offset + alignment - 1) & -alignment;
    }

    /** Collects fields in the header's order; each call lays one out after the one before. */
    static final class Builder {
        private final String name;
        private final List<Field> fields = new ArrayList<>();
        private Optional<String> flexible = Optional.empty();
        private int end;
        private int alignment = 1;

        private Builder(String name) {
            this.name = name;
        }

        Builder u8(String member) {
            return add(member, Kind.U8, 1, 1);
        }

        Builder u16(String member) {
            return add(member, Kind.U16, 2, 2);
        }

        Builder u32(String member) {
            return add(member, Kind.U32, 4, 4);
        }

        Builder u64(String member) {
            return add(member, Kind.U64, 8, 8);
        }

        Builder s32(String member) {
            return add(member, Kind.S32, 4, 4);
        }

        Builder struct(String member, StructLayout layout) {
            return add(member, Kind.STRUCT, layout.size(), layout.alignment());
        }

        /** Bytes of unstated number at the end, as {@code __u8 data[]}. */
        StructLayout flexible(String member) {
            return flexible(member, 1);
        }

        /** Structures of unstated number at the end. */
        StructLayout flexible(String member, StructLayout element) {
            return flexible(member, element.alignment());
        }

        /** Elements of unstated number at the end, to which the structure is aligned too. */
        StructLayout flexible(String member, int aligned) {
            flexible = Optional.of(member);
            alignment = Math.max(alignment, aligned);
            return end();
        }

        StructLayout end() {
            return new StructLayout(this);
        }

        private Builder add(String member, Kind kind, int bytes, int aligned) {
            int offset = align(end, aligned);
            fields.add(new Field(member, kind, offset, bytes));
            end = offset + bytes;
            alignment = Math.max(alignment, aligned);
            return this;
        }
    }
}
