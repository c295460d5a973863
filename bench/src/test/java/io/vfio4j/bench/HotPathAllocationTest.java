/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import io.vfio4j.linux.Cpu;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.management.ManagementFactory;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/** A server answers REGION_READ and REGION_WRITE without allocating a byte. */
class HotPathAllocationTest {
    private static final int REQUESTS = 20_000;
    private static final int ATTEMPTS = 25;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @EnumSource
    void shouldAllocateNothingForARegionAccess(RegionBenchmark.Access access) {
        assertThat(onOneProcessor(() -> allocated(access)))
                .as("bytes for %d requests", REQUESTS)
                .isZero();
    }

    private static long allocated(RegionBenchmark.Access access) {
        try (ServedBench served = new ServedBench();
                RegionClient client = new RegionClient(served.socket())) {
            RegionBenchmark.prepare(client, access);
            long session = sessionThread(served);
            exchange(client);
            long least = Long.MAX_VALUE;
            // The first requests run interpreted, where calls of native functions may allocate; on
            // a
            // machine that is busy it takes many until they are compiled.
            for (int i = 0; i < ATTEMPTS && least > 0; i++) {
                long before = THREADS.getThreadAllocatedBytes(session);
                exchange(client);
                least = Math.min(least, THREADS.getThreadAllocatedBytes(session) - before);
            }
            return least;
        }
    }

    /** The server's threads, too: they start where the thread runs that starts them. */
    private static long onOneProcessor(LongSupplier measurement) {
        return CompletableFuture.supplyAsync(
                        () -> {
                            Cpu.pin(Cpu.current());
                            return measurement.getAsLong();
                        },
                        task -> Thread.ofPlatform().start(task))
                .join();
    }

    private static void exchange(RegionClient client) {
        for (int i = 0; i < REQUESTS; i++) {
            client.exchange();
        }
    }

    private static long sessionThread(ServedBench served) {
        String name = "vfio-user " + served.socket();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(name))
                .findFirst()
                .orElseThrow()
                .threadId();
    }
}
