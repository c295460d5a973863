/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.tutorial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vfio4j.client.DmaDirection;
import io.vfio4j.client.DmaMemory;
import io.vfio4j.client.HostSide;
import io.vfio4j.client.PciConfig;
import io.vfio4j.client.VfioDevice;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.device.PciDevice;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Memory;
import io.vfio4j.server.EventLoop;
import io.vfio4j.server.VfioUserServer;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** A thermometer behind a socket, its driver, and its sensor: what a driver's author would do. */
final class Driven implements AutoCloseable {
    static final int LIMIT = 0x04;
    static final int CONTROL = 0x08;
    static final int STATUS = 0x0c;
    static final int LOG_ADDRESS = 0x10;
    static final int LOG_ENTRIES = 0x18;
    static final int LOG_NEXT = 0x1c;
    static final long IOVA = 0x10_0000;

    final AtomicInteger temperature = new AtomicInteger(21_000);
    final AtomicInteger looks = new AtomicInteger();
    private final Semaphore gate = new Semaphore(1);
    final EventFd interrupt = EventFd.create();
    final DmaMemory log = DmaMemory.allocate(4096);
    final VfioDevice driver;
    final HostSide host;
    final Thread loop;
    private final Path folder;
    private final EventLoop events = new EventLoop();
    private final VfioUserServer server = new VfioUserServer();
    private final PciDevice device;

    /** Makes a device of a sensor. */
    interface Maker {
        PciDevice make(java.util.function.IntSupplier sensor);
    }

    Driven(Maker maker) {
        try {
            folder = Files.createTempDirectory("vfio4j-tutorial");
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        List<Thread> before = loops();
        device =
                maker.make(() -> {
                    looks.incrementAndGet();
                    gate.acquireUninterruptibly();
                    gate.release();
                    return temperature.get();
                });
        loop =
                loops().stream()
                        .filter(thread -> !before.contains(thread))
                        .findFirst()
                        .orElseThrow();
        Path socket = folder.resolve("device.sock");
        server.serve(socket, new HostedDevice(device, HostOptions.system(events)));
        driver = VfioDevice.open("vfio-user:" + socket);
        host = HostSide.connect(Path.of(socket + ".ctl"));
        driver.writeShort(
                VfioPci.VFIO_PCI_CONFIG_REGION_INDEX,
                PciRegs.PCI_COMMAND,
                (short) (PciRegs.PCI_COMMAND_MEMORY | PciRegs.PCI_COMMAND_MASTER));
        driver.enableInterrupts(VfioPci.VFIO_PCI_MSIX_IRQ_INDEX, 0, List.of(interrupt));
        var _ = driver.mapDma(IOVA, log, DmaDirection.FROM_DEVICE);
    }

    private static List<Thread> loops() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("thermometer"))
                .toList();
    }

    void start() {
        driver.writeInt(0, CONTROL, 1);
    }

    /** Whoever looks at the sensor waits from now on, until the semaphore is released. */
    Semaphore holdSensor() {
        gate.acquireUninterruptibly();
        return gate;
    }

    void awaitLooks(int more) {
        int wanted = looks.get() + more;
        await().until(() -> looks.get() >= wanted);
    }

    void awaitInterrupt() {
        assertThat(interrupt.await(Duration.ofSeconds(10))).isTrue();
        assertThat(interrupt.drain()).isEqualTo(1);
    }

    /** Until the loop waits for nothing but to be told: no timeout, no processor. */
    void awaitParked() {
        await().until(() -> loop.getState() == Thread.State.WAITING);
    }

    void awaitPowerState(String state) {
        await().until(() -> host.powerState().equals(state));
    }

    /** Writes PMCSR, as an operating system does: 0 for D0, 3 for D3hot. */
    void writePmcsr(int value) {
        int pm = PciConfig.of(driver).powerManagement().orElseThrow().offset();
        driver.writeShort(
                VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, pm + PciRegs.PCI_PM_CTRL, (short) value);
    }

    boolean pmeStatus() {
        return PciConfig.of(driver).powerManagement().orElseThrow().pmeStatus();
    }

    /** The device is gone, as far as its host is concerned. */
    void closeServer() {
        server.close();
    }

    /** Until a block of the device's, by the name of its field, is freed. */
    void awaitFreed(String name) throws ReflectiveOperationException {
        Field field = device.getClass().getDeclaredField(name);
        field.setAccessible(true);
        Memory block = (Memory) field.get(device);
        await().until(() -> !block.isOpen());
    }

    @Override
    public void close() {
        host.close();
        driver.close();
        server.close();
        events.close();
        interrupt.close();
        log.close();
        try {
            Files.delete(folder);
        } catch (IOException left) {
            throw new UncheckedIOException(left);
        }
    }
}
