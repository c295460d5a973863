/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VfioUserHeader;

import java.time.Duration;
import java.util.List;

/**
 * Frames over one socket, in both directions: as few system calls as can be, nothing allocated per
 * frame, every wait bounded. Requests are put together in {@link #out} by whoever sends them.
 *
 * <p>One thread. After a {@link RowFailure} the stream may be anywhere within a frame: close it.
 */
final class Connection implements AutoCloseable {
    /** The most data that one message carries: what VERSION offers. */
    static final int MAX_DATA = 1 << 20;

    private static final int MAX_FRAME = MAX_DATA + 4096;

    private final UnixStream stream;
    private final Duration timeout;
    private final Memory out = Memory.allocate(MAX_FRAME);
    private final Memory in = Memory.allocate(2L * MAX_FRAME);
    private final FdBag bag = new FdBag();
    private int at;
    private int next;
    private int held;
    private int size;

    /**
     * Takes over a stream.
     *
     * @param stream to the server, closed with this
     * @param timeout how long a frame, or room for one, is waited for
     */
    Connection(UnixStream stream, Duration timeout) {
        this.stream = stream;
        this.timeout = timeout;
        stream.timeout(timeout);
    }

    /** Where frames to send are put together. */
    Memory out() {
        return out;
    }

    /** Holds the frame that {@link #receive} brought, at the offset it told. */
    Memory in() {
        return in;
    }

    /** How long an answer may take. */
    Duration timeout() {
        return timeout;
    }

    /**
     * Sends what lies in {@link #out}.
     *
     * @param from where it begins
     * @param length bytes
     */
    void send(int from, int length) {
        try {
            stream.send(out, from, length);
        } catch (LinuxException failed) {
            throw unsent(failed);
        }
    }

    /** Sends what lies at the start of {@link #out}, and descriptors with it. */
    void send(int length, List<Fd> fds) {
        try {
            stream.send(out, 0, length, fds);
        } catch (LinuxException failed) {
            throw unsent(failed);
        }
    }

    /** A server that refuses a request and hangs up may have said why before it did. */
    private RowFailure unsent(LinuxException failed) {
        try {
            int answer = receive();
            if (VfioUserHeader.isError(VfioUserHeader.flags(in, answer))) {
                return refused(answer);
            }
        } catch (RowFailure _) {
            // It did not.
        }
        return lost(failed);
    }

    /** Whether {@link #receive} has a whole frame without asking the kernel. */
    boolean hasFrame() {
        int left = held - next;
        return left >= VfioUserHeader.SIZE && left >= VfioUserHeader.size(in, next);
    }

    /**
     * Waits for the next frame.
     *
     * @return where in {@link #in} it begins; it stays until the next call
     * @throws RowFailure if none comes
     */
    int receive() {
        at = next;
        if (at == held) {
            at = 0;
            held = 0;
        }
        while (held - at < VfioUserHeader.SIZE) {
            fill();
        }
        long announced = VfioUserHeader.size(in, at);
        if (announced < VfioUserHeader.SIZE || announced > MAX_FRAME) {
            throw new RowFailure("the server sent a frame of %d bytes".formatted(announced));
        }
        size = (int) announced;
        if (at + size > in.size()) {
            in.copy(in, at, 0, held - at);
            held -= at;
            at = 0;
        }
        while (held - at < size) {
            fill();
        }
        next = at + size;
        return at;
    }

    private void fill() {
        int got;
        try {
            got = stream.receive(in, held, (int) in.size() - held, bag);
        } catch (LinuxException failed) {
            throw lost(failed);
        }
        if (bag.count() > 0) {
            bag.closeAll();
        }
        if (got == 0) {
            throw new RowFailure("the server closed the connection");
        }
        held += got;
    }

    /** The size of the frame that {@link #receive} brought. */
    int size() {
        return size;
    }

    /**
     * Waits for the reply to a request.
     *
     * @param id of the request
     * @param expected bytes that the reply has if all went well
     * @return where in {@link #in} it begins
     * @throws RowFailure if it is an error, another frame, or does not come
     */
    int receiveReply(int id, int expected) {
        int reply = receive();
        checkReply(reply, id, expected);
        return reply;
    }

    /**
     * Checks that a frame is the good reply to a request.
     *
     * @param reply where in {@link #in} it begins
     * @param id of the request
     * @param expected bytes that the reply has if all went well
     */
    void checkReply(int reply, int id, int expected) {
        int flags = VfioUserHeader.flags(in, reply);
        if (VfioUserHeader.isError(flags)) {
            throw refused(reply);
        }
        if (!VfioUserHeader.isReply(flags) || VfioUserHeader.id(in, reply) != id) {
            throw new RowFailure(
                    "the server sent command %d, id %d, flags 0x%x instead of the reply to id %d"
                            .formatted(
                                    VfioUserHeader.command(in, reply),
                                    VfioUserHeader.id(in, reply),
                                    flags,
                                    id));
        }
        if (size != expected) {
            throw new RowFailure(
                    "the server's reply has %d bytes instead of %d".formatted(size, expected));
        }
    }

    private RowFailure refused(int reply) {
        return new RowFailure(
                "the server answered " + Errno.of(VfioUserHeader.errno(in, reply)).toString());
    }

    private RowFailure lost(LinuxException failed) {
        return failed.errno().equals(Errno.ETIMEDOUT)
                ? new RowFailure("no answer within " + timeout.toMillis() + " ms", failed)
                : new RowFailure("the connection broke: " + failed.getMessage(), failed);
    }

    /** Wakes whoever waits; callable from any thread. */
    void shutdown() {
        stream.shutdown();
    }

    @Override
    public void close() {
        stream.close();
        bag.close();
        out.close();
        in.close();
    }
}
