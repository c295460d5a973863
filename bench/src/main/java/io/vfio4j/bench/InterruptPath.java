/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.client.VfioDevice;
import io.vfio4j.linux.EventFd;
import io.vfio4j.uapi.VfioPci;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** From what causes an interrupt until its eventfd has been read. */
final class InterruptPath implements PathLoad {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final VfioDevice device;
    private final int index;
    private final Runnable cause;
    private final Runnable acknowledge;
    private final EventFd event = EventFd.create();

    private InterruptPath(VfioDevice device, int index, Runnable cause, Runnable acknowledge) {
        this.device = device;
        this.index = index;
        this.cause = cause;
        this.acknowledge = acknowledge;
        try {
            device.enableInterrupts(index, 0, List.of(event));
        } catch (RuntimeException refused) {
            event.close();
            throw refused;
        }
    }

    /** The messages that a device has: MSI first, whose only vector is the one that is raised. */
    static Optional<Integer> index(VfioDevice device) {
        return Stream.of(VfioPci.VFIO_PCI_MSI_IRQ_INDEX, VfioPci.VFIO_PCI_MSIX_IRQ_INDEX)
                .filter(index -> device.irq(index).count() > 0)
                .findFirst();
    }

    /** One that the device raises, told by its registers. */
    static InterruptPath ofDevice(
            VfioDevice device, int index, Registers registers, KnownRegisters.Raise by) {
        InterruptPath path =
                new InterruptPath(
                        device,
                        index,
                        () -> registers.put(by.region(), by.raise(), by.bit()),
                        () -> registers.put(by.region(), by.acknowledge(), by.bit()));
        by.enable().ifPresent(at -> registers.put(by.region(), at, by.bit()));
        return path;
    }

    /** One that is asked for. */
    static InterruptPath byTrigger(VfioDevice device, int index) {
        return new InterruptPath(
                device, index, () -> device.triggerInterrupts(index, 0, 1), () -> {});
    }

    @Override
    public long once() {
        long start = System.nanoTime();
        cause.run();
        if (!event.await(PATIENCE)) {
            throw new BenchException(
                    "%s: no interrupt has come within %d s"
                            .formatted(device, PATIENCE.toSeconds()));
        }
        long _ = event.drain();
        long took = System.nanoTime() - start;
        acknowledge.run();
        return took;
    }

    @Override
    public void close() {
        try {
            device.disableInterrupts(index);
        } finally {
            event.close();
        }
    }
}
