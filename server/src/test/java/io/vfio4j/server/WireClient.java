/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VfioUserHeader;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A client that speaks in bytes: what it sends is what the test says, right or wrong. It never
 * waits for ever.
 */
final class WireClient implements AutoCloseable {
    static final int VERSION = 1;
    static final int DMA_MAP = 2;
    static final int DMA_UNMAP = 3;
    static final int GET_INFO = 4;
    static final int GET_REGION_INFO = 5;
    static final int GET_REGION_IO_FDS = 6;
    static final int GET_IRQ_INFO = 7;
    static final int SET_IRQS = 8;
    static final int REGION_READ = 9;
    static final int REGION_WRITE = 10;
    static final int DMA_READ = 11;
    static final int DMA_WRITE = 12;
    static final int RESET = 13;
    static final int WRITE_MULTI = 15;
    static final int FEATURE = 16;
    static final int MIG_DATA_READ = 17;
    static final int MIG_DATA_WRITE = 18;

    static final int COMMAND = 0;
    static final int REPLY = 1;
    static final int NO_REPLY = 0x10;
    static final int ERROR = 0x20;

    static final int SET = 1 << 17;
    static final int PROBE = 1 << 18;

    static final String CAPABILITIES =
            "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
                    + "\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true}}";

    /** What a client says that knows all of our extension. */
    static final String LOW_POWER_CAPABILITIES =
            CAPABILITIES.replace("}}", ",\"low_power\":{\"mapping_faults\":true,\"pme\":true}}}");

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Deque<Frame> setAside = new ArrayDeque<>();
    private final UnixStream stream;
    private final Memory in = Memory.allocate(2 << 20);
    private int nextId = 1;

    private WireClient(UnixStream stream) {
        this.stream = stream;
    }

    /** A frame from the server. */
    record Frame(int id, int command, int flags, int errno, Bytes payload, List<Fd> fds) {
        boolean isReply() {
            return (flags & 0xf) == REPLY;
        }

        boolean isError() {
            return (flags & ERROR) != 0;
        }

        /** Closes its descriptors. */
        Frame withoutFds() {
            fds.forEach(Fd::close);
            return this;
        }
    }

    /** Connected, and nothing said yet. */
    static WireClient connect(Path socket) {
        return new WireClient(UnixStream.connect(socket));
    }

    /** A client that is served. */
    static WireClient open(Path socket) {
        return open(socket, CAPABILITIES);
    }

    /** A client that is served, and can do that. */
    static WireClient open(Path socket, String capabilities) {
        WireClient client = connect(socket);
        Frame reply = client.version(0, 0, capabilities);
        if (reply.isError()) {
            client.close();
            throw new AssertionError("VERSION was refused with errno " + reply.errno());
        }
        return client;
    }

    Frame version(int major, int minor, String json) {
        return call(VERSION, new Bytes().u16(major).u16(minor).text(json).u8(0));
    }

    /** Whole frames' bytes, for those who send them in their own way. */
    static Bytes frame(int id, int command, int flags, Bytes payload) {
        return new Bytes()
                .u16(id)
                .u16(command)
                .u32(VfioUserHeader.SIZE + payload.length())
                .u32(flags)
                .u32(0)
                .bytes(payload.toArray());
    }

    /** Sends bytes as one piece. */
    void raw(byte[] bytes, Fd... fds) {
        try (Memory out = Memory.allocate(bytes.length)) {
            out.put(0, bytes, 0, bytes.length);
            if (fds.length == 0) {
                stream.send(out, 0, bytes.length);
            } else {
                stream.send(out, 0, bytes.length, List.of(fds));
            }
        }
    }

    void raw(Bytes bytes, Fd... fds) {
        raw(bytes.toArray(), fds);
    }

    int send(int command, int flags, Bytes payload, Fd... fds) {
        int id = nextId++ & 0x7fff;
        raw(frame(id, command, flags, payload), fds);
        return id;
    }

    /** The next frame; fails if none comes or the connection ends. */
    Frame receive() {
        return tryReceive().orElseThrow(() -> new AssertionError("the server hung up"));
    }

    /** The next frame, or nothing if the server has closed the connection. */
    Optional<Frame> tryReceive() {
        Frame earlier = setAside.poll();
        return earlier != null ? Optional.of(earlier) : tryReceiveNew();
    }

    private Optional<Frame> tryReceiveNew() {
        FdBag bag = new FdBag();
        if (!fill(0, VfioUserHeader.SIZE, bag)) {
            return Optional.empty();
        }
        int size = (int) VfioUserHeader.size(in, 0);
        if (size > VfioUserHeader.SIZE && !fill(VfioUserHeader.SIZE, size, bag)) {
            throw new AssertionError("the server hung up within a frame");
        }
        byte[] payload = new byte[size - VfioUserHeader.SIZE];
        in.get(VfioUserHeader.SIZE, payload, 0, payload.length);
        List<Fd> fds = new ArrayList<>();
        for (int i = 0; i < bag.count(); i++) {
            fds.add(bag.take(i));
        }
        return Optional.of(
                new Frame(
                        VfioUserHeader.id(in, 0),
                        VfioUserHeader.command(in, 0),
                        VfioUserHeader.flags(in, 0),
                        VfioUserHeader.errno(in, 0),
                        new Bytes(payload),
                        fds));
    }

    private boolean fill(int from, int to, FdBag bag) {
        int held = from;
        while (held < to) {
            if (!stream.awaitReadable(PATIENCE)) {
                throw new AssertionError("the server said nothing for " + PATIENCE);
            }
            int got;
            try {
                got = stream.receive(in, held, to - held, bag);
            } catch (LinuxException reset) {
                // It closed with requests of ours unread.
                got = 0;
            }
            if (got == 0) {
                return false;
            }
            held += got;
        }
        return true;
    }

    boolean hasReply(Duration within) {
        return stream.awaitReadable(within);
    }

    /** A request and its reply. */
    Frame call(int command, Bytes payload, Fd... fds) {
        int id = send(command, COMMAND, payload, fds);
        Frame reply = receive();
        while (!reply.isReply() && setAside.size() < 1_000) {
            // The device's own thread may send before the reply is there.
            setAside.add(reply);
            reply = tryReceiveNew().orElseThrow(() -> new AssertionError("the server hung up"));
        }
        if (reply.id() != id || reply.command() != command || !reply.isReply()) {
            throw new AssertionError("a reply to something else: " + reply);
        }
        if (reply.isError() && reply.payload().length() > 0) {
            throw new AssertionError("an error with a payload: " + reply);
        }
        if (!reply.isError() && reply.errno() != 0) {
            throw new AssertionError("an errno without the error flag: " + reply);
        }
        return reply;
    }

    /** 0 or the errno of the reply. */
    int errno(int command, Bytes payload, Fd... fds) {
        Frame reply = call(command, payload, fds).withoutFds();
        return reply.isError() ? reply.errno() : 0;
    }

    static Bytes access(int region, long offset, long count) {
        return new Bytes().u64(offset).u32(region).u32(count);
    }

    byte[] read(int region, long offset, int count) {
        Frame reply = call(REGION_READ, access(region, offset, count));
        if (reply.isError()) {
            throw new AssertionError("REGION_READ: errno " + reply.errno());
        }
        Bytes answer = reply.payload();
        if (answer.u64At(0) != offset || (int) answer.u32At(8) != region) {
            throw new AssertionError("a reply to another read: " + answer);
        }
        byte[] data = answer.from(16);
        if (answer.u32At(12) != data.length) {
            throw new AssertionError("count is not the data's: " + answer);
        }
        return data;
    }

    long load(int region, long offset, int width) {
        byte[] data = read(region, offset, width);
        if (data.length != width) {
            throw new AssertionError("a short read: " + data.length);
        }
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | (data[i] & 0xff);
        }
        return value;
    }

    Frame write(int region, long offset, byte[] data) {
        return call(REGION_WRITE, access(region, offset, data.length).bytes(data));
    }

    void store(int region, long offset, int width, long value) {
        byte[] data = new byte[width];
        for (int i = 0; i < width; i++) {
            data[i] = (byte) (value >> (8 * i));
        }
        Frame reply = write(region, offset, data);
        if (reply.isError() || reply.payload().u32At(12) != width) {
            throw new AssertionError("REGION_WRITE: " + reply);
        }
    }

    /** A write that is not answered. */
    void post(int region, long offset, int width, long value) {
        Bytes payload = access(region, offset, width);
        for (int i = 0; i < width; i++) {
            payload.u8((int) (value >> (8 * i)));
        }
        send(REGION_WRITE, NO_REPLY, payload);
    }

    int feature(int flags, Bytes payload, Fd... fds) {
        return errno(
                FEATURE,
                new Bytes().u32(8 + payload.length()).u32(flags).bytes(payload.toArray()),
                fds);
    }

    int enter() {
        return feature(3 | SET, new Bytes());
    }

    int enter(EventFd wakeup) {
        return feature(4 | SET, new Bytes().u32(0).u32(0), wakeup.fd());
    }

    int exit() {
        return feature(5 | SET, new Bytes());
    }

    static Bytes map(long iova, long size, long offset, int flags) {
        return new Bytes().u32(32).u32(flags).u64(offset).u64(iova).u64(size);
    }

    static Bytes unmap(long iova, long size, int flags) {
        return new Bytes().u32(24).u32(flags).u64(iova).u64(size);
    }

    static Bytes irqs(int flags, int index, int start, int count) {
        return new Bytes().u32(20).u32(flags).u32(index).u32(start).u32(count);
    }

    /** The descriptor of a mappable BAR. */
    Fd barFile(int bar) {
        Bytes ask = new Bytes().u32(64).u32(0).u32(bar).u32(0).u64(0).u64(0);
        return call(GET_REGION_INFO, ask).fds().getFirst();
    }

    /** Answers the DMA message that comes next with success. */
    Frame answerDma(byte[] data) {
        Frame message = receive();
        if (message.isReply()) {
            throw new AssertionError("a reply where a DMA message was expected: " + message);
        }
        Bytes asked = message.payload();
        Bytes payload = new Bytes().u64(asked.u64At(0)).u64(asked.u64At(8));
        if (message.command() == DMA_READ) {
            payload.bytes(data);
        }
        raw(frame(message.id(), message.command(), REPLY, payload));
        return message;
    }

    void hangUp() {
        stream.shutdown();
    }

    UnixStream stream() {
        return stream;
    }

    @Override
    public void close() {
        stream.close();
        in.close();
    }
}
