/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Memory;

import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Blocks for the arguments of ioctls, used again: threads call at the same time, and to allocate
 * and free native memory takes longer than most calls.
 */
final class ArgumentBlocks implements AutoCloseable {
    private static final int USUAL = 4096;

    private final ConcurrentLinkedQueue<Memory> idle = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /**
     * A block for one call.
     *
     * @param size bytes that it must have; what is in them is left over from other calls
     */
    Block take(long size) {
        Memory block = size <= USUAL ? idle.poll() : null;
        return new Block(block == null ? Memory.allocate(Math.max(size, USUAL)) : block);
    }

    /** Frees the idle ones; one in use is freed when it comes back. */
    @Override
    public void close() {
        closed = true;
        Memory block = idle.poll();
        while (block != null) {
            block.close();
            block = idle.poll();
        }
    }

    /** On loan. */
    final class Block implements AutoCloseable {
        final Memory memory;

        private Block(Memory memory) {
            this.memory = memory;
        }

        /** Gives it back. */
        @Override
        public void close() {
            if (memory.size() > USUAL) {
                memory.close();
                return;
            }
            idle.add(memory);
            if (closed) {
                ArgumentBlocks.this.close();
            }
        }
    }
}
