/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.function.Supplier;

/** What a model does for every packet allocates nothing. */
@Timeout(30)
class InterruptCostTest {
    private static final int WARM_UP = 100_000;
    private static final int MEASURED = 20_000;
    private static final int ATTEMPTS = 25;

    private final Hosted hosted = Hosted.opened(Hosted.FULL);
    private final EventFd eventFd = EventFd.create();
    private long runs;

    @AfterEach
    void close() {
        hosted.close();
        eventFd.close();
    }

    @Test
    void shouldAllocateNothingForAMessage() throws ReflectiveOperationException {
        hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, eventFd);
        Interrupts interrupts = hosted.model.interrupts();
        assertThat(allocated(() -> interrupts.message(0))).isLessThan(MEASURED);
        assertThat(eventFd.drain()).isEqualTo(runs);
    }

    @Test
    void shouldAllocateNothingForAMessageThatStaysPending() throws ReflectiveOperationException {
        hosted.trigger(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, eventFd);
        Interrupts interrupts = hosted.model.interrupts();
        assertThat(allocated(() -> interrupts.message(3))).isLessThan(MEASURED);
    }

    @Test
    void shouldAllocateNothingForALine() throws ReflectiveOperationException {
        hosted.trigger(VfioPci.VFIO_PCI_INTX_IRQ_INDEX, eventFd);
        Interrupts interrupts = hosted.model.interrupts();
        assertThat(
                        allocated(() -> {
                            interrupts.intx(true);
                            interrupts.intx(false);
                        }))
                .isLessThan(MEASURED);
    }

    /**
     * Bytes in as many runs as are measured; less than one for each is what compiling leaves. On a
     * busy machine the compiler may take its time.
     */
    private long allocated(Runnable work) throws ReflectiveOperationException {
        Supplier<Long> counter = counter();
        run(work, WARM_UP);
        long least = Long.MAX_VALUE;
        for (int i = 0; i < ATTEMPTS && least >= MEASURED; i++) {
            long before = counter.get();
            run(work, MEASURED);
            least = Math.min(least, counter.get() - before);
        }
        return least;
    }

    private void run(Runnable work, int times) {
        for (int i = 0; i < times; i++) {
            work.run();
        }
        runs += times;
    }

    /** com.sun.management.ThreadMXBean, reached without a module dependency. */
    private static Supplier<Long> counter() throws ReflectiveOperationException {
        Object bean =
                Class.forName("java.lang.management.ManagementFactory")
                        .getMethod("getThreadMXBean")
                        .invoke(null);
        var method =
                Class.forName("com.sun.management.ThreadMXBean")
                        .getMethod("getThreadAllocatedBytes", long.class);
        return () -> {
            try {
                return (Long) method.invoke(bean, Thread.currentThread().threadId());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        };
    }
}
