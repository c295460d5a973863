/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Cpu;
import io.vfio4j.uapi.VfioPci;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * A region access from request to reply, over a socket. Server and client are in one process: what
 * both allocate is counted.
 */
@State(Scope.Thread)
public class RegionBenchmark {
    /** What is accessed. */
    public enum Access {
        /** 4 bytes of BAR0, memory. */
        READ_MEMORY_4,
        /** 4 bytes of BAR0, memory. */
        WRITE_MEMORY_4,
        /** 4 KiB of BAR0, memory. */
        READ_MEMORY_4K,
        /** 4 KiB of BAR0, memory. */
        WRITE_MEMORY_4K,
        /** 4 bytes of BAR2, registers. */
        READ_REGISTER,
        /** 4 bytes of BAR2, registers. */
        WRITE_REGISTER,
        /** 4 bytes of the configuration space. */
        READ_CONFIG,
        /** 4 bytes of the configuration space. */
        WRITE_CONFIG
    }

    /** What is accessed. */
    @Param public Access access = Access.READ_MEMORY_4;

    private final ServedBench served;
    private final RegionClient client;

    /** Serves and connects, all on one processor: a wake-up on another costs ten times as much. */
    public RegionBenchmark() {
        // The server's threads are started by this one, and stay where it is.
        Cpu.pin(Cpu.current());
        served = new ServedBench();
        client = new RegionClient(served.socket());
        // Not when the last iteration ends: that one's allocations are counted.
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    /** Puts the request together. */
    @Setup
    public void prepare() {
        prepare(client, access);
    }

    static void prepare(RegionClient client, Access access) {
        switch (access) {
            case READ_MEMORY_4 -> client.prepareRead(0, 0x100, 4);
            case WRITE_MEMORY_4 -> client.prepareWrite(0, 0x100, 4);
            case READ_MEMORY_4K -> client.prepareRead(0, 0, 4096);
            case WRITE_MEMORY_4K -> client.prepareWrite(0, 0, 4096);
            case READ_REGISTER -> client.prepareRead(BenchDevice.REGISTERS, 0x100, 4);
            case WRITE_REGISTER -> client.prepareWrite(BenchDevice.REGISTERS, 0x8, 4);
            case READ_CONFIG -> client.prepareRead(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, 0, 4);
            case WRITE_CONFIG -> client.prepareWrite(VfioPci.VFIO_PCI_CONFIG_REGION_INDEX, 0, 4);
        }
    }

    private void close() {
        client.close();
        served.close();
    }

    /** One request and its reply. */
    @Benchmark
    public void region() {
        client.exchange();
    }
}
