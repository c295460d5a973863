/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioIrqSet;
import io.vfio4j.uapi.VfioPci;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** With real time and real threads: a client, the host, the model and the workqueue at once. */
@Timeout(30)
class RacesTest {
    private static final long BUSY_NANOS = 700_000_000L;

    /** Kicks its watches from a thread of its own, as an event loop does. */
    private static final class EagerWatcher implements EventFdWatcher {
        private final ConcurrentLinkedQueue<Runnable> callbacks = new ConcurrentLinkedQueue<>();

        @Override
        public Watch watch(EventFd eventFd, Runnable signalled) {
            AtomicBoolean over = new AtomicBoolean();
            Runnable unlessOver =
                    () -> {
                        synchronized (over) {
                            if (!over.get()) {
                                signalled.run();
                            }
                        }
                    };
            callbacks.add(unlessOver);
            return () -> {
                synchronized (over) {
                    over.set(true);
                    callbacks.remove(unlessOver);
                }
            };
        }
    }

    private static final HostOptions OPTIONS = HostOptions.system(new ManualWatcher());

    @Test
    void shouldBeMadeAndClosedWhileItWantsToSleep() {
        int before = Fd.openCount();
        for (int i = 0; i < 300; i++) {
            RecordingDevice model = new RecordingDevice(Hosted.COLD);
            HostedDevice device = new HostedDevice(model, OPTIONS);
            if (i % 3 > 0) {
                device.open(new NoMessages());
                try (DeviceAccess access = device.access()) {
                    access.region(2);
                }
            }
            if (i % 3 > 1) {
                device.lastClose();
            }
            device.close();
            List<String> calls = model.calls();
            assertThat(calls).last().isEqualTo("close");
            assertThat(calls.stream().filter(it -> it.startsWith("suspend")).count())
                    .as("every suspend was undone before the end: %s", calls)
                    .isEqualTo(calls.stream().filter(it -> it.startsWith("resume")).count());
        }
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    @Test
    void shouldKeepContentsAndCountsWhateverComesTogether() throws Exception {
        long seed = System.nanoTime();
        EagerWatcher watcher = new EagerWatcher();
        RecordingDevice model = new RecordingDevice(Hosted.COLD);
        int before = Fd.openCount();
        try (HostedDevice device = new HostedDevice(model, HostOptions.system(watcher));
                var threads = Executors.newCachedThreadPool();
                EventFd eventFd = EventFd.create()) {
            AtomicBoolean over = new AtomicBoolean();
            List<Future<?>> work = new ArrayList<>();
            AtomicLong written = new AtomicLong();
            work.add(threads.submit(() -> client(device, eventFd, new Random(seed), written)));
            work.add(threads.submit(() -> host(device, new Random(seed + 1), over)));
            work.add(
                    threads.submit(() -> {
                        while (!over.get()) {
                            watcher.callbacks.forEach(Runnable::run);
                            model.interrupts().intx(true);
                            model.interrupts().message(0);
                            model.interrupts().intx(false);
                            model.memory(2).store(8, 8, 0x55);
                            model.calls();
                        }
                    }));
            work.getFirst().get();
            over.set(true);
            for (Future<?> each : work) {
                each.get();
            }
            assertThat(model.memory(2).load(0, 8)).isEqualTo(written.get());
            assertThat(model.memory(2).load(8, 8)).isEqualTo(0x55);
        } catch (Throwable failed) {
            throw new AssertionError("seed " + seed, failed);
        }
        assertThat(Fd.openCount()).isEqualTo(before);
    }

    /** One client after another; each must find what the one before left. */
    private static void client(
            HostedDevice device, EventFd eventFd, Random random, AtomicLong written) {
        long end = System.nanoTime() + BUSY_NANOS;
        try (Memory buffer = Memory.allocate(64)) {
            while (System.nanoTime() < end) {
                device.open(new NoMessages());
                for (int i = random.nextInt(50); i >= 0; i--) {
                    request(device, eventFd, random, written, buffer);
                }
                device.lastClose();
            }
        }
    }

    private static void request(
            HostedDevice device,
            EventFd eventFd,
            Random random,
            AtomicLong written,
            Memory buffer) {
        // The host turns memory decoding off at times: the client turns it on again.
        try (DeviceAccess access = device.access()) {
            buffer.putShort(0, (short) 2);
            access.write(Hosted.CONFIG, 4, 2, buffer, 0);
            switch (random.nextInt(5)) {
                case 0 -> {
                    buffer.putLong(0, written.get() + 1);
                    if (access.write(2, 0, 8, buffer, 0) == 8) {
                        written.incrementAndGet();
                    }
                }
                case 1 -> {
                    if (access.read(2, 0, 8, buffer, 0) == 8) {
                        assertThat(buffer.getLong(0)).isEqualTo(written.get());
                    }
                }
                case 2 -> {
                    buffer.putInt(0, 16);
                    buffer.putInt(4, Hosted.SET | Hosted.LOW_POWER_ENTRY_WITH_WAKEUP);
                    buffer.putLong(8, 0);
                    access.feature(buffer, 0, 16, given(eventFd));
                }
                case 3 -> {
                    int action =
                            random.nextBoolean()
                                    ? Vfio.VFIO_IRQ_SET_ACTION_TRIGGER
                                    : Vfio.VFIO_IRQ_SET_ACTION_UNMASK;
                    access.setInterrupts(
                            new VfioIrqSet(
                                    20,
                                    Vfio.VFIO_IRQ_SET_DATA_EVENTFD | action,
                                    VfioPci.VFIO_PCI_INTX_IRQ_INDEX,
                                    0,
                                    1),
                            20,
                            new byte[0],
                            random.nextInt(3) == 0 ? new ArrayList<>() : given(eventFd));
                }
                default -> access.region(2);
            }
        }
    }

    private static List<Fd> given(EventFd eventFd) {
        return new ArrayList<>(List.of(eventFd.fd().duplicate()));
    }

    private static void host(HostedDevice device, Random random, AtomicBoolean over) {
        List<String> lines =
                List.of(
                        "read power_state",
                        "read config",
                        "read power/runtime_usage",
                        "write power/control on",
                        "write power/control auto",
                        "write d3cold_allowed 0",
                        "write d3cold_allowed 1",
                        "write config 4 0000",
                        "write config 4 0204",
                        "write reset 1");
        while (!over.get()) {
            String line = lines.get(random.nextInt(lines.size()));
            assertThat(device.host(HostRequest.parse(line)))
                    .as(line)
                    .isInstanceOf(HostReply.Ok.class);
        }
    }
}
