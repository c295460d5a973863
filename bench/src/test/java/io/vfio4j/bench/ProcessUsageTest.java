/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;

class ProcessUsageTest {
    @Test
    void shouldCountHowOftenAThreadIsWoken() throws InterruptedException {
        Semaphore there = new Semaphore(0);
        Semaphore back = new Semaphore(0);
        CountDownLatch end = new CountDownLatch(1);
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("counted-7")
                        .start(() -> {
                            while (end.getCount() > 0) {
                                there.acquireUninterruptibly();
                                back.release();
                            }
                        });
        ProcessUsage before = ProcessUsage.of(ProcessHandle.current().pid());
        for (int i = 0; i < 50; i++) {
            there.release();
            back.acquire();
        }
        List<ProcessUsage.ThreadUsage> used =
                ProcessUsage.of(ProcessHandle.current().pid()).since(before);
        end.countDown();
        there.release();
        thread.join();

        assertThat(used)
                .filteredOn(usage -> usage.name().equals("counted"))
                .singleElement()
                .satisfies(usage -> assertThat(usage.wakes()).isBetween(1L, 60L))
                .satisfies(usage -> assertThat(usage.cpuNanos()).isPositive());
    }

    @Test
    void shouldAddUpThreadsOfANameAndCountANewOneFromItsStart() {
        ProcessUsage before =
                new ProcessUsage(Map.of("1", new ProcessUsage.ThreadUsage("a", 100, 10, 1)));
        ProcessUsage after =
                new ProcessUsage(
                        Map.of(
                                "1", new ProcessUsage.ThreadUsage("a", 150, 12, 1),
                                "2", new ProcessUsage.ThreadUsage("a", 7, 3, 2),
                                "3", new ProcessUsage.ThreadUsage("idle", 0, 0, 0)));

        assertThat(after.since(before))
                .containsExactly(new ProcessUsage.ThreadUsage("a", 57, 5, 2));
    }

    @Test
    void shouldSayThatThereIsNoSuchProcess() {
        assertThatThrownBy(() -> ProcessUsage.of(0x7fff_fffe))
                .isInstanceOf(BenchException.class)
                .hasMessageContaining("2147483646");
    }
}
