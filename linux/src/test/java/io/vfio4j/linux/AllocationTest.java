/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.function.Consumer;

/** What runs for every request allocates nothing once it is compiled. */
@Timeout(60)
class AllocationTest {
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 2_000;
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private long sink;

    @Test
    void shouldAllocateNothingForBytesOverAStream() {
        UnixStream[] pair = UnixStream.pair();
        try (UnixStream here = pair[0];
                UnixStream there = pair[1];
                Memory memory = Memory.allocate(4096);
                FdBag bag = new FdBag()) {
            assertThat(
                            bytesPerRun(() -> {
                                here.send(memory, 0, 32);
                                sink += there.receive(memory, 0, 4096, bag);
                                bag.closeAll();
                            }))
                    .isZero();
        }
    }

    @Test
    void shouldAllocateNothingForSignals() {
        Consumer<Object> ready = ignored -> sink++;
        try (EventFd event = EventFd.create();
                Poller poller = Poller.create()) {
            poller.add(event.fd(), event);
            assertThat(
                            bytesPerRun(() -> {
                                event.signal();
                                sink += poller.wait(Duration.ZERO, ready);
                                sink += event.drain();
                            }))
                    .isZero();
            poller.remove(event.fd());
        }
    }

    @Test
    void shouldAllocateNothingForAccesses() {
        byte[] bytes = new byte[512];
        try (MemFd file = MemFd.create("allocation", 8192);
                Mapping mapping = Mapping.map(file.fd(), 0, 8192, true);
                Memory memory = Memory.allocate(8192)) {
            assertThat(
                            bytesPerRun(() -> {
                                mapping.putInt(4, mapping.getInt(0) + 1);
                                mapping.copyTo(0, memory, 0, 1000);
                                mapping.put(0, bytes, 0, 512);
                                memory.putLong(3, memory.getLong(1));
                                memory.put(0, bytes, 0, 512);
                                memory.copy(memory, 0, 100, 2000);
                                memory.fill(0, 4096, (byte) 0);
                            }))
                    .isZero();
        }
    }

    /** Apart from the above: what is inlined into one method is limited. */
    @Test
    void shouldAllocateNothingForReadsAndWritesOfAFile() {
        try (MemFd file = MemFd.create("allocation", 8192);
                Memory memory = Memory.allocate(8192)) {
            assertThat(
                            bytesPerRun(() -> {
                                file.write(0, memory, 0, 4096);
                                file.read(0, memory, 0, 4096);
                                file.fd().writeValue(8, sink, 4);
                                sink += file.fd().readValue(8, 4);
                            }))
                    .isZero();
        }
    }

    private static double bytesPerRun(Runnable run) {
        for (int i = 0; i < WARM_UP; i++) {
            run.run();
        }
        // The compiler may be late: the best of several is what the code itself does.
        long best = Long.MAX_VALUE;
        long deadline = System.nanoTime() + Duration.ofSeconds(40).toNanos();
        while (best > 0 && System.nanoTime() - deadline < 0) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < MEASURED; i++) {
                run.run();
            }
            best = Math.min(best, THREADS.getCurrentThreadAllocatedBytes() - before);
        }
        return (double) best / MEASURED;
    }
}
