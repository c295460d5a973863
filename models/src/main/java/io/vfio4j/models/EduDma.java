/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.device.Dma;
import io.vfio4j.device.DmaException;
import io.vfio4j.linux.Memory;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The DMA engine of {@link Edu}: four registers and a buffer. A transfer runs on a thread of its
 * own, after the register write that started it has been answered: a VMM may be unable to serve DMA
 * messages before that.
 */
final class EduDma {
    static final int FIRST_REGISTER = 0x80;

    private static final int SOURCE = 0x80;
    private static final int DESTINATION = 0x88;
    private static final int COUNT = 0x90;
    private static final int COMMAND = 0x98;
    private static final long BUFFER_ADDRESS = 0x40000;
    private static final int BUFFER_SIZE = 4096;
    private static final long START = 1;
    private static final long TO_MEMORY = 2;
    private static final long INTERRUPT = 4;
    private static final long FAILED = 8;

    /** How long a suspend waits for a transfer: a client that never answers must not stop it. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Object device;
    private final Supplier<Dma> dma;
    private final Runnable done;
    private final Memory buffer = Memory.allocate(BUFFER_SIZE);
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("edu dma").factory());

    private long source;
    private long destination;
    private long count;
    private long command;

    // What the command register's start bit is about; a reset forgets it.
    private Optional<Transfer> current = Optional.empty();

    /**
     * The engine of a device.
     *
     * @param device whose lock guards the engine's registers as well as its own
     * @param dma the client's memory, once the device is hosted
     * @param done raises the interrupt of a transfer; called with the device's lock held
     */
    EduDma(Object device, Supplier<Dma> dma, Runnable done) {
        this.device = device;
        this.dma = dma;
        this.done = done;
    }

    long read(long offset, int width) {
        int register = (int) offset & ~7;
        if (offset > COMMAND + 4 || width < Integer.BYTES) {
            return -1;
        }
        long value =
                switch (register) {
                    case SOURCE -> source;
                    case DESTINATION -> destination;
                    case COUNT -> count;
                    default -> command;
                };
        return (offset & 4) != 0 ? value >>> 32 : value;
    }

    void write(long offset, int width, long value) {
        if (offset > COMMAND + 4 || width < Integer.BYTES || busy()) {
            return;
        }
        switch ((int) offset & ~7) {
            case SOURCE -> source = merged(source, offset, width, value);
            case DESTINATION -> destination = merged(destination, offset, width, value);
            case COUNT -> count = merged(count, offset, width, value);
            default -> {
                if ((offset & 4) == 0) {
                    start(value & (START | TO_MEMORY | INTERRUPT));
                }
            }
        }
    }

    private static long merged(long old, long offset, int width, long value) {
        if (width == Long.BYTES) {
            return value;
        }
        long low = 0xffff_ffffL;
        return (offset & 4) != 0 ? (old & low) | value << 32 : (old & ~low) | (value & low);
    }

    private boolean busy() {
        return current.isPresent();
    }

    private void start(long value) {
        command = value;
        if ((value & START) != 0) {
            Transfer transfer = new Transfer(source, destination, count, value);
            current = Optional.of(transfer);
            thread.execute(() -> run(transfer));
        }
    }

    /** Equal to nothing but itself: one like it may be started after a reset. */
    private static final class Transfer {
        private final long source;
        private final long destination;
        private final long count;
        private final long command;

        Transfer(long source, long destination, long count, long command) {
            this.source = source;
            this.destination = destination;
            this.count = count;
            this.command = command;
        }

        boolean toMemory() {
            return (command & TO_MEMORY) != 0;
        }

        /** Where in the buffer it starts, or nothing if it does not lie within. */
        Optional<Long> bufferOffset() {
            long at = (toMemory() ? source : destination) - BUFFER_ADDRESS;
            boolean within = at >= 0 && count >= 0 && count <= BUFFER_SIZE - at;
            return within ? Optional.of(at) : Optional.empty();
        }
    }

    private void run(Transfer transfer) {
        boolean copied = false;
        try {
            copied = isCurrent(transfer) && copy(transfer);
        } finally {
            end(transfer, !copied);
        }
    }

    private void end(Transfer transfer, boolean failed) {
        // In one: no reset may come between the end and its interrupt, nor may a sleep.
        synchronized (device) {
            if (finish(transfer, failed) && (transfer.command & INTERRUPT) != 0) {
                done.run();
            }
            device.notifyAll();
        }
    }

    private boolean isCurrent(Transfer transfer) {
        synchronized (device) {
            return current.filter(transfer::equals).isPresent();
        }
    }

    /** Whether anybody still wants to know. */
    private boolean finish(Transfer transfer, boolean failed) {
        if (!isCurrent(transfer)) {
            return false;
        }
        current = Optional.empty();
        command = (transfer.command & ~START) | (failed ? FAILED : 0);
        return true;
    }

    private boolean copy(Transfer transfer) {
        Optional<Long> at = transfer.bufferOffset();
        if (at.isEmpty()) {
            return false;
        }
        try {
            if (transfer.toMemory()) {
                dma.get().write(transfer.destination, buffer, at.get(), transfer.count);
            } else {
                dma.get().read(transfer.source, buffer, at.get(), transfer.count);
            }
            return true;
        } catch (DmaException | IllegalStateException refused) {
            // The latter: the device is closed under the transfer.
            return false;
        }
    }

    /** What is under way is forgotten: it may still move bytes, but nobody hears of its end. */
    void reset() {
        source = 0;
        destination = 0;
        count = 0;
        command = 0;
        current = Optional.empty();
    }

    /**
     * Waits for what was started to end, even if it has not begun. Nothing else is started before
     * the device is awake, since until then nobody writes a register. It waits for another thread,
     * and so in real time, whatever clock the device's power has.
     */
    void park() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        synchronized (device) {
            try {
                for (long left = PATIENCE.toNanos();
                        busy() && left > 0;
                        left = end - System.nanoTime()) {
                    TimeUnit.NANOSECONDS.timedWait(device, left);
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        }
    }

    void close() {
        thread.shutdownNow();
        buffer.close();
    }
}
