/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vfio4j.linux.Memory;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Every record that stands for a C structure: its components are the structure's members, and it
 * reads and writes each where its layout says.
 */
class StructRecordsTest {
    private static final long AT = 24;
    private static final String RESERVED = "_*(reserved\\d?|pad|padding)";

    static Stream<Class<?>> records() {
        // VfioUserVersion takes a length, and has a test of its own.
        return UapiClasses.all().stream()
                .filter(type -> type.isRecord() && type != VfioUserVersion.class)
                .filter(type ->
                        Arrays.stream(type.getFields())
                                .anyMatch(f -> f.getName().equals("LAYOUT")));
    }

    @ParameterizedTest
    @MethodSource("records")
    void shouldBeNamedAfterItsStructure(Class<?> type) {
        assertThat(type.getSimpleName())
                .isEqualToIgnoringCase(layout(type).name().replace("_", ""));
        assertThat(Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName))
                .containsExactlyElementsOf(
                        members(type).stream().map(field -> component(field.name())).toList());
    }

    @ParameterizedTest
    @MethodSource("records")
    void shouldReadEachMemberFromItsPlace(Class<?> type) {
        try (Memory memory = noise(type, 1)) {
            Object read = read(type, memory, AT);

            for (StructLayout.Field field : members(type)) {
                Object value = component(read, component(field.name()));
                assertThat(value)
                        .as("%s.%s", type.getSimpleName(), field.name())
                        .isEqualTo(expected(memory, AT + field.offset(), field, value));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("records")
    void shouldWriteBackWhatItReadAndNothingElse(Class<?> type) {
        StructLayout layout = layout(type);
        try (Memory source = noise(type, 2);
                Memory target = Memory.allocate(source.size())) {
            target.fill(0, target.size(), (byte) 0x5a);
            write(read(type, source, AT), target, AT);

            for (long i = 0; i < target.size(); i++) {
                boolean inside = i >= AT && i < AT + layout.size();
                byte wanted = !inside ? 0x5a : meant(type, i - AT) ? source.getByte(i) : 0;
                assertThat(target.getByte(i)).as("byte %d of %s", i - AT, layout).isEqualTo(wanted);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("records")
    void shouldRefuseToBeCutOff(Class<?> type) {
        int size = layout(type).size();
        try (Memory memory = Memory.allocate(size)) {
            Object whole = read(type, memory, 0);

            assertThatThrownBy(() -> read(type, memory, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> write(whole, memory, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    /** Whether a byte of a structure belongs to a member that the record has. */
    private static boolean meant(Class<?> type, long offset) {
        for (StructLayout.Field field : members(type)) {
            if (offset >= field.offset() && offset < field.offset() + field.size()) {
                return nested(type, field) == Void.class
                        || meant(nested(type, field), offset - field.offset());
            }
        }
        return false;
    }

    private static Class<?> nested(Class<?> type, StructLayout.Field field) {
        return Arrays.stream(type.getRecordComponents())
                .filter(c -> c.getName().equals(component(field.name())) && c.getType().isRecord())
                .<Class<?>>map(RecordComponent::getType)
                .findFirst()
                .orElse(Void.class);
    }

    private static List<StructLayout.Field> members(Class<?> type) {
        List<StructLayout.Field> members = new ArrayList<>(layout(type).fields());
        // Feature 4's reserved member is a rule of its own: never looked at (spec A1).
        if (type != VfioDeviceLowPowerEntryWithWakeup.class) {
            members.removeIf(field -> field.name().matches(RESERVED));
        }
        return members;
    }

    private static Object expected(Memory memory, long at, StructLayout.Field field, Object found) {
        return switch (field.kind()) {
            case U8 -> memory.getByte(at) & 0xff;
            case U16 -> memory.getShort(at) & 0xffff;
            case U32, S32 -> memory.getInt(at);
            case U64 -> memory.getLong(at);
            case STRUCT -> read(found.getClass(), memory, at);
        };
    }

    /** member_name as Java writes it. */
    private static String component(String member) {
        String[] words = member.replaceFirst("^_+", "").split("_", -1);
        return words[0]
                + Arrays.stream(words, 1, words.length)
                        .map(word ->
                                word.substring(0, 1).toUpperCase(java.util.Locale.ROOT)
                                        + word.substring(1))
                        .collect(Collectors.joining());
    }

    private static Memory noise(Class<?> type, long seed) {
        byte[] bytes = new byte[(int) AT + layout(type).size() + 16];
        new Random(seed + type.getName().hashCode()).nextBytes(bytes);
        Memory memory = Memory.allocate(bytes.length);
        memory.put(0, bytes, 0, bytes.length);
        return memory;
    }

    private static StructLayout layout(Class<?> type) {
        return (StructLayout) reflect(() -> type.getField("LAYOUT").get(null));
    }

    private static Object read(Class<?> type, Memory memory, long at) {
        return reflect(
                () -> type.getMethod("read", Memory.class, long.class).invoke(null, memory, at));
    }

    private static void write(Object record, Memory memory, long at) {
        reflect(() -> {
            record.getClass()
                    .getMethod("write", Memory.class, long.class)
                    .invoke(record, memory, at);
            return record;
        });
    }

    private static Object component(Object record, String name) {
        return reflect(() -> record.getClass().getMethod(name).invoke(record));
    }

    private interface Reflection {
        Object run() throws ReflectiveOperationException;
    }

    private static Object reflect(Reflection action) {
        try {
            return action.run();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new AssertionError(e);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
