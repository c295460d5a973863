/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The two system calls that every request costs, without anybody to wait for. */
@State(Scope.Thread)
public class StreamBenchmark {
    private static final int REQUEST = 32;

    private final UnixStream[] pair = UnixStream.pair();
    private final Memory memory = Memory.allocate(4096);
    private final FdBag bag = new FdBag();

    /** Connects. */
    public StreamBenchmark() {}

    /** Gives everything back. */
    @TearDown
    public void close() {
        pair[0].close();
        pair[1].close();
        bag.close();
        memory.close();
    }

    /** 32 bytes into a socket and out of it. */
    @Benchmark
    public int sendAndReceive() {
        pair[0].send(memory, 0, REQUEST);
        return pair[1].receive(memory, 0, REQUEST, bag);
    }
}
