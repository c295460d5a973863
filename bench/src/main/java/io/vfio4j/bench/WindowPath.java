/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.VfioDevice;

/** Memory given to a device for DMA, and taken back; it is the same memory each time. */
final class WindowPath implements PathLoad {
    private static final long IOVA = 0x10_0000;
    private static final int SIZE = 2 << 20;
    private static final int PAGE = 4096;

    private final VfioDevice device;
    private final DmaMemory memory = DmaMemory.allocate(SIZE);

    WindowPath(VfioDevice device) {
        this.device = device;
        // That there are pages is not what is measured.
        for (int at = 0; at < SIZE; at += PAGE) {
            memory.putByte(at, (byte) 1);
        }
    }

    @Override
    public long once() {
        long start = System.nanoTime();
        device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL).unmap();
        return System.nanoTime() - start;
    }

    @Override
    public void close() {
        memory.close();
    }
}
