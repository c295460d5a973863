/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.power.Delays;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A model that interrupts from a thread of its own while the driver masks, unmasks and sends it to
 * sleep: an interrupt that was taken reaches the driver, and none comes from nothing.
 */
@Timeout(30)
class InterruptRacesTest {
    private static final int INTX = VfioPci.VFIO_PCI_INTX_IRQ_INDEX;
    private static final int MSIX = VfioPci.VFIO_PCI_MSIX_IRQ_INDEX;
    private static final int NONE = Vfio.VFIO_IRQ_SET_DATA_NONE;
    private static final int EVENTFD = Vfio.VFIO_IRQ_SET_DATA_EVENTFD;
    private static final int TRIGGER = Vfio.VFIO_IRQ_SET_ACTION_TRIGGER;
    private static final int UNMASK = Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
    private static final int MASKALL = PciRegs.PCI_MSIX_FLAGS_MASKALL;
    private static final int ENABLE = PciRegs.PCI_MSIX_FLAGS_ENABLE;
    private static final int CONTROL = PciRegs.PCI_MSIX_ENTRY_VECTOR_CTRL;
    private static final int MSIX_BAR = 3;
    private static final int ROUNDS = 3_000;
    private static final Duration LOST = Duration.ofSeconds(10);

    private final RecordingDevice model =
            new RecordingDevice(
                    Hosted.FULL.withPower(PowerManagement.downToD3hot().withDelays(Delays.ZERO)));
    private final HostedDevice device =
            new HostedDevice(model, HostOptions.system(new ManualWatcher()));
    private final EventFd eventFd = EventFd.create();
    private final Memory buffer = Memory.allocate(64);
    private final AtomicBoolean over = new AtomicBoolean();
    private final int pmcsr;
    private final int control;

    InterruptRacesTest() {
        device.open(new NoMessages());
        pmcsr = capability(PciRegs.PCI_CAP_ID_PM) + PciRegs.PCI_PM_CTRL;
        control = capability(PciRegs.PCI_CAP_ID_MSIX) + PciRegs.PCI_MSIX_FLAGS;
    }

    @AfterEach
    void close() {
        device.lastClose();
        device.close();
        eventFd.close();
        buffer.close();
    }

    private int capability(int id) {
        try (DeviceAccess access = device.access()) {
            access.read(Hosted.CONFIG, 0, 64, buffer, 0);
            int at = buffer.getByte(PciRegs.PCI_CAPABILITY_LIST) & 0xff;
            while (true) {
                access.read(Hosted.CONFIG, at, 2, buffer, 0);
                if (buffer.getByte(0) == id) {
                    return at;
                }
                at = buffer.getByte(1) & 0xff;
                assertThat(at).isNotZero();
            }
        }
    }

    // The one client's requests; its own thread makes them all.

    private void config(int register, int value) {
        store(Hosted.CONFIG, register, 2, value);
    }

    private void store(int region, int offset, int width, int value) {
        try (DeviceAccess access = device.access()) {
            buffer.putInt(0, value);
            assertThat(access.write(region, offset, width, buffer, 0)).isEqualTo(width);
        }
    }

    private void irqs(int flags, int index, boolean give) {
        try (DeviceAccess access = device.access()) {
            var fds = give ? List.of(eventFd.fd().duplicate()) : List.<Fd>of();
            int answer =
                    access.setInterrupts(
                            new VfioIrqSet(20, flags, index, 0, 1),
                            20,
                            new byte[0],
                            new ArrayList<>(fds));
            assertThat(answer).isZero();
        }
    }

    private void upset(Random random) {
        switch (random.nextInt(4)) {
            case 0 -> {
                store(MSIX_BAR, CONTROL, 4, 1);
                store(MSIX_BAR, CONTROL, 4, 0);
            }
            case 1 -> {
                config(control, ENABLE | MASKALL);
                config(control, ENABLE);
            }
            case 2 -> {
                irqs(EVENTFD | TRIGGER, MSIX, false);
                irqs(EVENTFD | TRIGGER, MSIX, true);
            }
            default -> {
                config(pmcsr, 3);
                config(pmcsr, 0);
            }
        }
    }

    /** In each round one message and one upset meet, and then nobody helps the message along. */
    @Test
    void shouldLoseNoMessageThatWasTaken() throws Exception {
        long seed = System.nanoTime();
        CyclicBarrier round = new CyclicBarrier(2);
        config(control, ENABLE);
        irqs(EVENTFD | TRIGGER, MSIX, true);
        try (var threads = Executors.newCachedThreadPool()) {
            Future<?> driver =
                    threads.submit(() -> {
                        Random random = new Random(seed);
                        for (int i = 0; i < ROUNDS; i++) {
                            meet(round);
                            upset(random);
                        }
                    });
            for (int i = 0; i < ROUNDS; i++) {
                meet(round);
                // Dropped outside D0; a model would keep the cause, too.
                while (!model.interrupts().message(0)) {
                    Thread.onSpinWait();
                }
                assertThat(eventFd.await(LOST)).as("message %d of seed %d", i, seed).isTrue();
                assertThat(eventFd.drain()).as("message %d of seed %d", i, seed).isEqualTo(1);
            }
            driver.get();
        }
        assertThat(eventFd.drain()).isZero();
    }

    /** A level: the driver serves it, takes it down and unmasks. */
    @Test
    void shouldLoseNoLevel() throws Exception {
        long seed = System.nanoTime();
        CyclicBarrier round = new CyclicBarrier(2);
        irqs(EVENTFD | TRIGGER, INTX, true);
        try (var threads = Executors.newCachedThreadPool()) {
            Future<?> raiser =
                    threads.submit(() -> {
                        for (int i = 0; i < ROUNDS; i++) {
                            meet(round);
                            model.interrupts().intx(true);
                            meet(round);
                        }
                    });
            Random random = new Random(seed);
            for (int i = 0; i < ROUNDS; i++) {
                meet(round);
                upsetLine(random);
                assertThat(eventFd.await(LOST)).as("level %d of seed %d", i, seed).isTrue();
                meet(round);
                model.interrupts().intx(false);
                eventFd.drain();
                irqs(NONE | UNMASK, INTX, false);
                assertThat(eventFd.drain()).as("served: %d of seed %d", i, seed).isZero();
            }
            raiser.get();
        }
    }

    private void upsetLine(Random random) {
        if (random.nextBoolean()) {
            config(pmcsr, 3);
            config(pmcsr, 0);
        } else {
            int memory = PciRegs.PCI_COMMAND_MEMORY;
            config(PciRegs.PCI_COMMAND, memory | PciRegs.PCI_COMMAND_INTX_DISABLE);
            config(PciRegs.PCI_COMMAND, memory);
        }
    }

    private static void meet(CyclicBarrier round) {
        try {
            round.await(LOST.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException alone) {
            throw new AssertionError("the other thread has failed", alone);
        }
    }

    /** What the contract's suspends mask, they unmask. */
    @Test
    void shouldLoseNoLevelOverSuspends() throws Exception {
        Semaphore served = new Semaphore(0);
        irqs(EVENTFD | TRIGGER, INTX, true);
        try (var threads = Executors.newCachedThreadPool()) {
            Future<?> driver =
                    threads.submit(() -> {
                        while (!over.get()) {
                            enterLowPower();
                            if (eventFd.await(Duration.ofMillis(1))) {
                                eventFd.drain();
                                model.interrupts().intx(false);
                                served.release();
                                irqs(NONE | UNMASK, INTX, false);
                            }
                            // An access: it wakes the device, which falls asleep again.
                            config(PciRegs.PCI_COMMAND, 2);
                        }
                    });
            try {
                for (int i = 0; i < ROUNDS / 10; i++) {
                    model.interrupts().intx(true);
                    assertThat(served.tryAcquire(LOST.toSeconds(), TimeUnit.SECONDS))
                            .as("level %d is served", i)
                            .isTrue();
                }
            } finally {
                over.set(true);
            }
            driver.get();
        }
    }

    private void enterLowPower() {
        try (DeviceAccess access = device.access()) {
            buffer.putInt(0, 8);
            buffer.putInt(4, Hosted.SET | Hosted.LOW_POWER_ENTRY);
            access.feature(buffer, 0, 8, new ArrayList<>());
        }
    }
}
