/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.DmaWindow;
import io.vfio4j.client.VfioDevice;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The DMA engine of edu: a page goes from memory into the device's buffer, and back to another
 * page. QEMU's begins a tenth of a second after it is told to.
 */
final class CopierPath implements PathLoad {
    private static final int BAR = 0;
    private static final long SOURCE = 0x80;
    private static final long DESTINATION = 0x88;
    private static final long COUNT = 0x90;
    private static final long COMMAND = 0x98;
    private static final int START = 1;
    private static final int FROM_DEVICE = 2;
    private static final int BUFFER = 0x4_0000;
    private static final int PAGE = 4096;

    /** Below 256 MiB, which is as far as it reaches. */
    private static final int IOVA = 0x80_0000;

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long POLL_NANOS = 200_000;

    private final VfioDevice device;
    private final Registers registers;
    private final DmaMemory memory = DmaMemory.allocate(2 * PAGE);
    private final DmaWindow window;
    private int round;

    CopierPath(VfioDevice device, Registers registers) {
        this.device = device;
        this.registers = registers;
        try {
            window = device.mapDma(IOVA, memory, DmaDirection.BIDIRECTIONAL);
        } catch (RuntimeException refused) {
            memory.close();
            throw refused;
        }
    }

    @Override
    public long once() {
        round++;
        for (int at = 0; at < PAGE; at += Integer.BYTES) {
            memory.putInt(at, at + round);
        }
        long start = System.nanoTime();
        transfer(IOVA, BUFFER, START);
        transfer(BUFFER, IOVA + PAGE, START | FROM_DEVICE);
        long took = System.nanoTime() - start;
        for (int at = 0; at < PAGE; at += Integer.BYTES) {
            if (memory.getInt(PAGE + at) != at + round) {
                throw new BenchException(
                        "%s: what came back by DMA is not what was sent".formatted(device));
            }
        }
        return took;
    }

    private void transfer(int from, int to, int command) {
        registers.put(BAR, SOURCE, from);
        registers.put(BAR, DESTINATION, to);
        registers.put(BAR, COUNT, PAGE);
        registers.put(BAR, COMMAND, command);
        long end = System.nanoTime() + PATIENCE.toNanos();
        while ((registers.get(BAR, COMMAND) & START) != 0) {
            if (System.nanoTime() - end > 0) {
                throw new BenchException(
                        "%s: its DMA has not ended within %d s"
                                .formatted(device, PATIENCE.toSeconds()));
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    @Override
    public void close() {
        try {
            window.unmap();
        } finally {
            memory.close();
        }
    }
}
