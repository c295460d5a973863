/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A few native bytes of each thread: where errno is saved after a call, and room for the small
 * structures that a call points to. Never shared, never allocated per call.
 *
 * <p>The words are free for use by one call at a time: no method keeps anything there across a call
 * of another.
 */
final class Scratch {
    private static final int WORDS = 16;

    // A ThreadLocal that outlives the class would be an error; this one lives as long as it.
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    /** Where the linker saves errno. */
    final MemorySegment capture;

    private final MemorySegment words;
    private final long address;

    private Scratch() {
        // Automatic: freed with the thread, whose thread-local is the only reference.
        Arena arena = Arena.ofAuto();
        capture = arena.allocate(Linker.Option.captureStateLayout());
        words = arena.allocate(WORDS * 8L, 8);
        address = words.address();
    }

    static Scratch ofThread() {
        return OF_THREAD.get();
    }

    /** The address of the first word; valid as long as the calling thread lives. */
    long address() {
        return address;
    }

    long getLong(long offset) {
        return words.get(ValueLayout.JAVA_LONG, offset);
    }

    int getInt(long offset) {
        return words.get(ValueLayout.JAVA_INT, offset);
    }

    short getShort(long offset) {
        return words.get(ValueLayout.JAVA_SHORT, offset);
    }

    void putLong(long offset, long value) {
        words.set(ValueLayout.JAVA_LONG, offset, value);
    }

    void putInt(long offset, int value) {
        words.set(ValueLayout.JAVA_INT, offset, value);
    }

    void putShort(long offset, short value) {
        words.set(ValueLayout.JAVA_SHORT, offset, value);
    }
}
