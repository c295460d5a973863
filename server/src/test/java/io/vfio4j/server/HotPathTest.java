/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.management.ManagementFactory;

/** A region access allocates nothing, from the frame that comes in to the frame that goes out. */
class HotPathTest {
    private static final int MEASURED = 1000;

    /** How many times to measure at most: the optimizing compiler takes its time to be done. */
    private static final int ROUNDS = 60;

    private final Served served = Served.one();
    private final WireClient client = served.client();

    @AfterEach
    void close() {
        client.close();
        served.close();
    }

    private static long allocatedBy(String thread) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(it -> it.getName().equals(thread))
                .mapToLong(it -> threads.getThreadAllocatedBytes(it.threadId()))
                .sum();
    }

    @ParameterizedTest
    @CsvSource({
        "REGION_READ of registers, 9, 0, 0x40, 4",
        "REGION_READ of memory, 9, 1, 0, 8",
        "REGION_READ of 4 KiB, 9, 1, 0, 4096",
        "REGION_READ of a mappable BAR, 9, 2, 0, 4",
        "REGION_READ of config, 9, 7, 0, 64",
        "REGION_READ refused, 9, 9, 0, 4",
        "REGION_WRITE of registers, 10, 0, 0x40, 4",
        "REGION_WRITE of 4 KiB, 10, 1, 0, 4096",
        "REGION_WRITE of a mappable BAR, 10, 2, 0, 4",
        "REGION_WRITE of config, 10, 7, 0x3c, 1",
    })
    void shouldAllocateNothing(String name, int command, int region, String offset, int count) {
        Bytes payload = WireClient.access(region, Long.decode(offset), count);
        if (command == WireClient.REGION_WRITE) {
            payload.bytes(new byte[count]);
        }
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && allocated > 0; round++) {
            long before = allocatedBy("vfio-user " + served.socket());
            repeat(command, payload, MEASURED);
            allocated = allocatedBy("vfio-user " + served.socket()) - before;
        }
        assertThat(allocated).as("%s, bytes of the last %d", name, MEASURED).isZero();
    }

    private void repeat(int command, Bytes payload, int times) {
        for (int i = 0; i < times; i++) {
            client.call(command, payload);
        }
    }
}
