/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Cpu;
import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The floor: what is left of a server when it does nothing. It receives frames and sends frames of
 * the length that is asked for, with one system call each, and does not look at what they are
 * about; no server with a thread that waits in the kernel can be faster. Runs in a process of its
 * own.
 */
final class FloorPeer {
    private static final int REGION_READ = VfioUserCommand.REGION_READ.number();
    private static final int REGION_WRITE = VfioUserCommand.REGION_WRITE.number();

    private final UnixStream stream;
    private final Memory in = Memory.allocate(2L * Connection.MAX_DATA);
    private final Memory out = Memory.allocate(2L * Connection.MAX_DATA);
    private final FdBag bag = new FdBag();
    private Optional<EventFd> interrupt = Optional.empty();

    private FloorPeer(UnixStream stream) {
        this.stream = stream;
    }

    /**
     * Connects and serves until the connection ends.
     *
     * @param arguments the socket's path, and if the thread is to be bound, the processor
     */
    public static void main(String[] arguments) {
        if (arguments.length > 1) {
            Cpu.pin(Integer.parseInt(arguments[1]));
        }
        try (UnixStream stream = UnixStream.connect(Path.of(arguments[0]))) {
            new FloorPeer(stream).serve();
        }
    }

    /** Asks for as many bytes as the frame before had: requests of a kind come in runs. */
    private void serve() {
        int last = VfioUserHeader.SIZE;
        int want = last;
        int held = 0;
        while (true) {
            int got = stream.receive(in, held, want - held, bag);
            if (got == 0) {
                return;
            }
            if (bag.count() > 0) {
                interrupt = Optional.of(EventFd.adopt(bag.take(0)));
                bag.closeAll();
            }
            held += got;
            int at = 0;
            int size = size(at, held);
            while (size > 0 && at + size <= held) {
                answer(at);
                at += size;
                last = size;
                size = size(at, held);
            }
            held -= at;
            if (at > 0 && held > 0) {
                in.copy(in, at, 0, held);
            }
            want = size > 0 ? size : last;
        }
    }

    /** The size of the frame there, 0 if there is not enough of it to tell. */
    private int size(int at, int held) {
        return held - at < VfioUserHeader.SIZE ? 0 : (int) VfioUserHeader.size(in, at);
    }

    private void answer(int at) {
        int access = at + VfioUserHeader.SIZE;
        if (interrupt.isPresent()
                && RegionAccess.region(in, access) == BenchDevice.REGISTERS
                && RegionAccess.offset(in, access) == BenchDevice.IRQ) {
            interrupt.get().signal();
        }
        if (VfioUserHeader.isNoReply(VfioUserHeader.flags(in, at))) {
            return;
        }
        int command = VfioUserHeader.command(in, at);
        int size = VfioUserHeader.SIZE;
        if (command == REGION_READ) {
            size = Requests.ACCESS + (int) RegionAccess.count(in, access);
        } else if (command == REGION_WRITE) {
            size = Requests.ACCESS;
        }
        VfioUserHeader.writeReply(out, 0, VfioUserHeader.id(in, at), command, size);
        stream.send(out, 0, size);
    }
}
