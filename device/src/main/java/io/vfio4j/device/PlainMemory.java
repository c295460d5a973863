/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;

/** A BAR of memory that no client can map. */
final class PlainMemory implements Region, BarMemory, AutoCloseable {
    private final Memory memory;

    PlainMemory(long size) {
        memory = Memory.allocate(size);
    }

    @Override
    public int read(long offset, int count, Memory target, long at) {
        int todo = Region.clip(memory.size(), offset, count);
        if (todo > 0) {
            target.copy(memory, offset, at, todo);
        }
        return todo;
    }

    @Override
    public int write(long offset, int count, Memory source, long at) {
        int todo = Region.clip(memory.size(), offset, count);
        if (todo > 0) {
            memory.copy(source, at, offset, todo);
        }
        return todo;
    }

    @Override
    public long size() {
        return memory.size();
    }

    @Override
    public long load(long offset, int width) {
        Word.requireAligned(offset, width);
        return Word.load(memory, offset, width);
    }

    @Override
    public void store(long offset, int width, long value) {
        Word.requireAligned(offset, width);
        Word.store(memory, offset, width, value);
    }

    @Override
    public void close() {
        memory.close();
    }
}
