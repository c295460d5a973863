/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.device.DeviceAccess;
import io.vfio4j.device.HostOptions;
import io.vfio4j.device.HostedDevice;
import io.vfio4j.linux.Memory;
import io.vfio4j.models.Bench;
import io.vfio4j.server.EventLoop;
import io.vfio4j.uapi.PciRegs;
import io.vfio4j.uapi.VfioPci;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a server does between a request and its reply: wake, access, let go. */
@State(Scope.Thread)
public class DeviceBenchmark {
    private static final int DATA = 64;

    private final EventLoop loop = new EventLoop();
    private final HostedDevice device = new HostedDevice(new Bench(), HostOptions.system(loop));
    private final Memory memory = Memory.allocate(4096);

    /** Opens the device, which stays awake from now on. */
    public DeviceBenchmark() {
        device.power().open(true);
        memory.putShort(0, (short) PciRegs.PCI_COMMAND_MEMORY);
        try (DeviceAccess access = device.access()) {
            access.write(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, PciRegs.PCI_COMMAND, 2, memory, 0);
        }
        // Not when the last iteration ends: that one's allocations are counted.
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    private void close() {
        device.lastClose();
        device.close();
        loop.close();
        memory.close();
    }

    /** The runtime PM reference alone. */
    @Benchmark
    public void access() {
        device.access().close();
    }

    /** A read of 4 bytes of memory in it. */
    @Benchmark
    public int accessAndRead() {
        try (DeviceAccess access = device.access()) {
            return access.read(0, 0x100, 4, memory, DATA);
        }
    }

    /** A write of 4 bytes to a register in it. */
    @Benchmark
    public int accessAndWriteRegister() {
        try (DeviceAccess access = device.access()) {
            return access.write(BenchDevice.REGISTERS, 0x8, 4, memory, DATA);
        }
    }
}
