/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ClientMemory;
import io.vfio4j.device.DmaException;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.DmaAccess;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * DMA_READ and DMA_WRITE, one at a time: the server's own requests to its client.
 *
 * <p>The answer comes on the same socket as the client's requests. On the session's thread (a
 * device that transfers within a register write) this class reads on itself until the answer is
 * there, and what else comes meanwhile is kept for later ({@link Pump}). On any other thread it
 * waits until the session's thread has seen the answer.
 */
final class DmaMessages implements ClientMemory, AutoCloseable {

    /** Reads frames for a transfer on the session's thread. */
    interface Pump {
        /** Whether the calling thread is the one that reads the socket. */
        boolean onSessionThread();

        /** Reads and deals with frames until {@link DmaMessages#answered} says so. */
        void pumpUntilAnswered();
    }

    private static final int FIRST_ID = 0x8000;

    /** Where the data of a DMA message starts in its frame. */
    private static final int DATA = VfioUserHeader.SIZE + DmaAccess.DATA;

    /** The protocol's text has a shorter write reply than request. */
    private static final int WRITE_REPLY = VfioUserHeader.SIZE + DmaAccess.SHORTEST_WRITE_REPLY;

    private final FrameWriter writer;
    private final Pump pump;
    private final int maxTransfer;
    private final Memory frame;
    private final ReentrantLock oneAtATime = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private int nextId = FIRST_ID;
    private int expectedId = -1;
    private boolean answered;
    private boolean closed;
    private int errno;
    private long wanted;
    private boolean reading;
    private Memory target;
    private long targetOffset;

    DmaMessages(FrameWriter writer, Pump pump, int maxTransfer) {
        this.writer = writer;
        this.pump = pump;
        this.maxTransfer = maxTransfer;
        frame = Memory.allocate((long) DATA + maxTransfer);
        target = frame;
    }

    @Override
    public int maxTransfer() {
        return maxTransfer;
    }

    @Override
    public void read(long iova, Memory into, long offset, int length) {
        transfer(VfioUserCommand.DMA_READ, iova, into, offset, length);
    }

    @Override
    public void write(long iova, Memory source, long offset, int length) {
        transfer(VfioUserCommand.DMA_WRITE, iova, source, offset, length);
    }

    private void transfer(
            VfioUserCommand command, long iova, Memory memory, long offset, int length) {
        // Before anybody is made to wait for it.
        Objects.checkFromIndexSize(offset, length, memory.size());
        Objects.checkIndex(length, maxTransfer + 1);
        takeTurn();
        try {
            int id = begin(command, iova, memory, offset, length);
            send(command, id, iova, memory, offset, length);
            if (pump.onSessionThread()) {
                pump.pumpUntilAnswered();
            }
            await(command, iova);
        } finally {
            oneAtATime.unlock();
        }
    }

    /** The session's thread must go on reading while it waits, or nobody's answer ever comes. */
    private void takeTurn() {
        if (!pump.onSessionThread()) {
            oneAtATime.lock();
            return;
        }
        try {
            while (!oneAtATime.tryLock(1, TimeUnit.MILLISECONDS)) {
                pump.pumpUntilAnswered();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new DmaException(Errno.EINTR, "waiting for another transfer");
        }
    }

    private int begin(VfioUserCommand command, long iova, Memory memory, long offset, int length) {
        lock.lock();
        try {
            if (closed) {
                throw failed(Errno.ECONNRESET, command, iova);
            }
            nextId = nextId == 0xffff ? FIRST_ID : nextId + 1;
            expectedId = nextId;
            answered = false;
            errno = 0;
            wanted = length;
            reading = command == VfioUserCommand.DMA_READ;
            target = memory;
            targetOffset = offset;
            return nextId;
        } finally {
            lock.unlock();
        }
    }

    private void send(
            VfioUserCommand command, int id, long iova, Memory memory, long offset, int length) {
        boolean write = command == VfioUserCommand.DMA_WRITE;
        int size = DATA + (write ? length : 0);
        VfioUserHeader.writeCommand(frame, 0, id, command.number(), size, false);
        DmaAccess.write(frame, VfioUserHeader.SIZE, iova, length);
        if (write) {
            frame.copy(memory, offset, DATA, length);
        }
        try {
            writer.send(frame, size);
        } catch (LinuxException gone) {
            throw failed(gone.errno(), command, iova);
        }
    }

    private void await(VfioUserCommand command, long iova) {
        lock.lock();
        try {
            while (!answered && !closed) {
                changed.awaitUninterruptibly();
            }
            expectedId = -1;
            if (!answered) {
                throw failed(Errno.ECONNRESET, command, iova);
            }
            if (errno != 0) {
                throw failed(Errno.of(errno), command, iova);
            }
        } finally {
            lock.unlock();
        }
    }

    private static DmaException failed(Errno errno, VfioUserCommand command, long iova) {
        return new DmaException(errno, "%s at 0x%x".formatted(command, iova));
    }

    /** Whether the transfer under way has its answer, or will never get one. */
    boolean answered() {
        lock.lock();
        try {
            return answered || closed;
        } finally {
            lock.unlock();
        }
    }

    /**
     * A reply has come.
     *
     * @param reply its frame, at offset 0
     * @param size of the frame
     * @return whether it is what a transfer waits for
     */
    boolean complete(Memory reply, int size) {
        lock.lock();
        try {
            if (VfioUserHeader.id(reply, 0) != expectedId || answered) {
                return false;
            }
            errno = verdict(reply, size);
            if (errno == 0 && reading) {
                target.copy(reply, DATA, targetOffset, wanted);
            }
            answered = true;
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private int verdict(Memory reply, int size) {
        if (VfioUserHeader.isError(VfioUserHeader.flags(reply, 0))) {
            int given = VfioUserHeader.errno(reply, 0);
            // The protocol lets an error reply carry 0.
            return given > 0 ? given : Errno.EIO.number();
        }
        long needed = reading ? DATA + wanted : WRITE_REPLY;
        return size < needed ? Errno.EPROTO.number() : 0;
    }

    /** The client is gone: whoever waits gets ECONNRESET. */
    void disconnect() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        disconnect();
        // A transfer under way still reads or writes the frame.
        oneAtATime.lock();
        try {
            frame.close();
        } finally {
            oneAtATime.unlock();
        }
    }
}
