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

    private final Hosted hosted = Hosted.opened(Hosted.FULL);
    private final EventFd eventFd = EventFd.create();

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
        assertThat(eventFd.drain()).isEqualTo(WARM_UP + MEASURED);
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

    /** Bytes in all of the measured runs; less than one for each is what compiling leaves. */
    private static long allocated(Runnable work) throws ReflectiveOperationException {
        for (int i = 0; i < WARM_UP; i++) {
            work.run();
        }
        Supplier<Long> counter = counter();
        long before = counter.get();
        for (int i = 0; i < MEASURED; i++) {
            work.run();
        }
        return counter.get() - before;
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
