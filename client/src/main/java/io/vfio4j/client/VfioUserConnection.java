/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The requests of one vfio-user connection, one at a time.
 *
 * <p>A thread {@link #begin}s, writes a payload to {@link #out}, {@link #call}s, reads the answer's
 * payload in {@link #in}, may call again, and {@link #end}s. While it waits it serves the DMA
 * commands that the server sends before the answer. A read or write of a few bytes is one send and
 * one receive, and allocates nothing.
 *
 * <p>Between begin and end everything belongs to that thread: the lock is the only one here, and it
 * is held over the waiting, which {@link #close} ends by closing the stream. Invariant outside the
 * lock: no byte of an unserved frame has been taken from the stream, so that whoever polls the
 * stream sees all there is to see.
 */
final class VfioUserConnection implements AutoCloseable {
    /** Requests are written here. */
    final Memory out = Memory.allocate(Frames.CAPACITY);

    /** Answers are read here. */
    final Memory in;

    /** Descriptors that came with the answer of a {@link #callForDescriptors}. */
    final FdBag bag;

    private final FrameStream stream;
    private final DmaServer dma;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Bytes of the answer at the start of {@link #in}; 0 without one. */
    private int frame;

    private int lastId;

    /** Changes with every request: how the {@link DmaListener} sees that there are calls. */
    private volatile int activity;

    VfioUserConnection(FrameStream stream, DmaServer dma) {
        this.stream = stream;
        this.dma = dma;
        in = stream.in;
        bag = stream.bag;
    }

    /**
     * Enters; the caller must {@link #end}.
     *
     * @throws IllegalStateException if this is closed; the caller is not inside then
     * @throws ConnectionLostException if the connection is over; the caller is not inside then
     */
    void begin() {
        lock.lock();
        try {
            stream.requireUsable();
        } catch (RuntimeException over) {
            lock.unlock();
            throw over;
        }
    }

    /** Leaves, and serves what came behind the answer: a started frame would be seen by nobody. */
    void end() {
        try {
            if (frame > 0) {
                forgetAnswer();
            }
        } catch (VfioException _) {
            // The request at hand has its result; the next one is told.
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends a command and waits for its answer.
     *
     * @param length bytes of the payload
     * @param most bytes that the answer's payload may have
     * @return bytes of the answer's payload, or -errno
     */
    int call(VfioUserCommand command, int length, int most) {
        int id = writeHeader(command, Frames.PAYLOAD + length, false);
        stream.send(out, Frames.PAYLOAD + length);
        return receive(id, command, Frames.PAYLOAD + most, Frames.PAYLOAD + most);
    }

    /** As {@link #call}, with descriptors beside the command. */
    int call(VfioUserCommand command, int length, int most, List<Fd> descriptors) {
        int id = writeHeader(command, Frames.PAYLOAD + length, false);
        stream.send(out, Frames.PAYLOAD + length, descriptors);
        return receive(id, command, Frames.PAYLOAD + most, Frames.PAYLOAD + most);
    }

    /** As {@link #call}, for an answer that may have descriptors: they are in {@link #bag}. */
    int callForDescriptors(VfioUserCommand command, int length, int most) {
        int id = writeHeader(command, Frames.PAYLOAD + length, false);
        stream.send(out, Frames.PAYLOAD + length);
        boolean _ = stream.welcomeDescriptors(true);
        try {
            // Only the header first. A descriptor belongs to the frame whose bytes it came with: if
            // a frame is read no further than its end, nothing of the next one comes with it.
            return receive(id, command, Frames.PAYLOAD, Frames.PAYLOAD + most);
        } finally {
            boolean _ = stream.welcomeDescriptors(false);
        }
    }

    /** Sends a command that wants no answer. */
    void post(VfioUserCommand command, int length) {
        int _ = writeHeader(command, Frames.PAYLOAD + length, true);
        stream.send(out, Frames.PAYLOAD + length);
    }

    /**
     * Writes to a region bytes that are in the caller's memory; offset, region and count are in
     * {@link #out}.
     *
     * @param noReply whether not to wait for the answer
     * @return bytes of the answer's payload, or -errno; 0 without waiting
     */
    int write(Memory source, long sourceOffset, int count, boolean noReply) {
        int id = writeHeader(VfioUserCommand.REGION_WRITE, Frames.DATA + count, noReply);
        if (count >= Frames.DIRECT) {
            stream.send(out, Frames.DATA);
            stream.sendRest(source, sourceOffset, count);
        } else {
            out.copy(source, sourceOffset, Frames.DATA, count);
            stream.send(out, Frames.DATA + count);
        }
        return noReply ? 0 : receive(id, VfioUserCommand.REGION_WRITE, Frames.DATA, Frames.DATA);
    }

    /**
     * Reads part of a region into the caller's memory; offset, region and count are in {@link
     * #out}.
     *
     * @return bytes of the answer's payload, or -errno
     */
    int read(Memory destination, long destinationOffset, int count) {
        int id = writeHeader(VfioUserCommand.REGION_READ, Frames.DATA, false);
        stream.send(out, Frames.DATA);
        int most = Frames.DATA + count;
        if (count < Frames.DIRECT) {
            int length = receive(id, VfioUserCommand.REGION_READ, most, most);
            int data = length - RegionAccess.SIZE;
            if (data > 0) {
                destination.copy(in, Frames.DATA, destinationOffset, data);
            }
            return length;
        }
        int size = awaitReply(id, VfioUserCommand.REGION_READ, Frames.DATA, most);
        if (VfioUserHeader.isError(VfioUserHeader.flags(in, 0)) || size < Frames.DATA) {
            return finishReply(size);
        }
        stream.fill(Frames.DATA, Frames.DATA);
        stream.receiveInto(destination, destinationOffset, size - Frames.DATA);
        return size - Frames.PAYLOAD;
    }

    /** Serves the server's commands if some are there and no call is under way. */
    boolean serveIfIdle() {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            if (stream.isOver() || !stream.isReadable()) {
                return false;
            }
            dma.serveOne();
            return true;
        } catch (VfioException | IllegalStateException _) {
            // Over; the next call is told.
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Changes with every request. */
    int activity() {
        return activity;
    }

    boolean isCalling() {
        return lock.isLocked();
    }

    /**
     * Waits, without the lock, until something may have come.
     *
     * @return false once the connection is over
     */
    boolean awaitIncoming() {
        return stream.awaitReadable();
    }

    /** Whether it has been closed or lost. */
    boolean isOver() {
        return stream.isOver();
    }

    /** Says which device this is, for sentences. */
    String device() {
        return stream.device();
    }

    /** Ends the connection because the server broke the protocol; returns what to throw. */
    ProtocolViolationException violation(String what) {
        frame = 0;
        return stream.violation(what);
    }

    /** Ends the connection and the call that is under way in another thread. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        stream.close();
        lock.lock();
        try {
            stream.free();
            dma.free();
            out.close();
        } finally {
            lock.unlock();
        }
    }

    private int writeHeader(VfioUserCommand command, int size, boolean noReply) {
        if (frame > 0) {
            forgetAnswer();
        }
        int id = (lastId + 1) & 0xffff;
        lastId = id;
        activity = id;
        VfioUserHeader.writeCommand(out, 0, id, command.number(), size, noReply);
        return id;
    }

    /**
     * Receives the answer, all of it.
     *
     * @param want bytes to take from the stream if they are there, 16 to most
     * @param most bytes that the answer may have
     * @return bytes of the payload, or -errno
     */
    private int receive(int id, VfioUserCommand command, int want, int most) {
        return finishReply(awaitReply(id, command, want, most));
    }

    /** Receives the answer's header, and serves what comes before; the answer's size. */
    private int awaitReply(int id, VfioUserCommand command, int want, int most) {
        while (true) {
            stream.fill(Frames.PAYLOAD, want);
            if (VfioUserHeader.isReply(VfioUserHeader.flags(in, 0))) {
                long size = VfioUserHeader.size(in, 0);
                if (VfioUserHeader.id(in, 0) != id
                        || VfioUserHeader.command(in, 0) != command.number()) {
                    throw violation(
                            "its answer has id %d and command %d, the request %d and %d"
                                    .formatted(
                                            VfioUserHeader.id(in, 0),
                                            VfioUserHeader.command(in, 0),
                                            id,
                                            command.number()));
                }
                if (size < Frames.PAYLOAD || size > most) {
                    throw violation(
                            "its answer to %s claims %d bytes of %d at most"
                                    .formatted(command, size, most));
                }
                return (int) size;
            }
            dma.serveOne();
        }
    }

    /** Receives the rest of the answer. */
    private int finishReply(int size) {
        stream.fill(size, size);
        frame = size;
        if (VfioUserHeader.isError(VfioUserHeader.flags(in, 0))) {
            int errno = VfioUserHeader.errno(in, 0);
            // It may be missing, and must be nothing that reads as success.
            return errno > 0 && errno < 4096 ? -errno : -Errno.EIO.number();
        }
        return size - Frames.PAYLOAD;
    }

    /** Forgets the answer and what nobody took of it, and serves what came behind it. */
    private void forgetAnswer() {
        int size = frame;
        frame = 0;
        stream.consume(size);
        if (stream.hasDescriptors()) {
            bag.closeAll();
        }
        while (stream.filled() > 0) {
            dma.serveOne();
        }
    }
}
