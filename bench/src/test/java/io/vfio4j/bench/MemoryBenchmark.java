/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.Memory;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Own memory, and a shared mapping whose accesses are guarded against a vanished backing. */
@State(Scope.Thread)
public class MemoryBenchmark {
    private static final int PAGE = 4096;

    private final Memory memory = Memory.allocate(PAGE);
    private final Memory other = Memory.allocate(PAGE);
    private final MemFd file = MemFd.create("bench", PAGE);
    private final Mapping mapping = Mapping.map(file.fd(), 0, PAGE, true);

    /** Allocates and maps. */
    public MemoryBenchmark() {}

    /** Gives everything back. */
    @TearDown
    public void close() {
        mapping.close();
        file.close();
        other.close();
        memory.close();
    }

    /** 4 bytes of own memory. */
    @Benchmark
    public int memoryRead() {
        return memory.getInt(0x100);
    }

    /** 4 bytes of own memory. */
    @Benchmark
    public void memoryWrite() {
        memory.putInt(0x100, 1);
    }

    /** 4 KiB of own memory. */
    @Benchmark
    public void memoryCopy() {
        memory.copy(other, 0, 0, PAGE);
    }

    /** 4 bytes of a mapping. */
    @Benchmark
    public int mappingRead() {
        return mapping.getInt(0x100);
    }

    /** 4 bytes of a mapping. */
    @Benchmark
    public void mappingWrite() {
        mapping.putInt(0x100, 1);
    }

    /** 4 KiB of a mapping. */
    @Benchmark
    public void mappingCopy() {
        mapping.copyTo(0, memory, 0, PAGE);
    }
}
