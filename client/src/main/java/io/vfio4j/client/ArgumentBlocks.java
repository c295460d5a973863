/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Memory;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.LongFunction;

/**
 * Blocks for the arguments of ioctls, used again by whichever device is next: threads call at the
 * same time, and to allocate and free native memory takes longer than most calls. A few idle ones
 * are kept for good. Any thread may take one.
 */
final class ArgumentBlocks {
    /** Blocks like any other. */
    static final ArgumentBlocks PLAIN = new ArgumentBlocks(Memory::allocate);

    /** Blocks behind whose end nothing can be read. */
    static final ArgumentBlocks BEFORE_GAP = new ArgumentBlocks(Memory::allocateBeforeGap);

    private static final int USUAL = 4096;
    private static final int KEPT = 8;

    private final BlockingQueue<Memory> idle = new ArrayBlockingQueue<>(KEPT);
    private final LongFunction<Memory> allocation;

    private ArgumentBlocks(LongFunction<Memory> allocation) {
        this.allocation = allocation;
    }

    /**
     * A block for one call.
     *
     * @param size bytes that it must have; what is in them is left over from other calls
     */
    Block take(long size) {
        Memory block = size <= USUAL ? idle.poll() : null;
        return new Block(block == null ? allocation.apply(Math.max(size, USUAL)) : block);
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
            if (memory.size() > USUAL || !idle.offer(memory)) {
                memory.close();
            }
        }
    }
}
