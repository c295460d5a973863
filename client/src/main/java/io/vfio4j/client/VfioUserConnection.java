/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.DmaAccess;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The frames of one vfio-user connection, one request at a time.
 *
 * <p>A thread {@link #begin}s, writes a payload to {@link #out}, {@link #call}s, reads the answer's
 * payload in {@link #in} and {@link #end}s. While it waits it serves the DMA commands that the
 * server sends instead of an answer. A read or write of a few bytes is one send and one receive,
 * and allocates nothing.
 *
 * <p>Between begin and end everything belongs to that thread: the lock is the only one here, and it
 * is held over the waiting, which {@link #close} ends by closing the stream. Invariant outside the
 * lock: no byte of an unfinished frame has been taken from the stream, so that whoever polls the
 * stream sees all there is to see.
 *
 * <p>Whatever breaks the protocol, or the time limit, ends the connection: after a request of which
 * nobody knows what became of it there is nothing to go on with.
 */
final class VfioUserConnection implements AutoCloseable {
    /** Where a payload starts in {@link #out} and {@link #in}. */
    static final int PAYLOAD = VfioUserHeader.SIZE;

    /** Where the data of a region access starts. */
    static final int DATA = PAYLOAD + RegionAccess.SIZE;

    /** Most bytes that one message moves. */
    static final int MAX_TRANSFER = 1 << 20;

    private static final int CAPACITY = DATA + MAX_TRANSFER;

    /** From here on a second system call costs less than copying the bytes. */
    private static final int DIRECT = 32 * 1024;

    private static final Duration LONG = Duration.ofDays(1);

    /** Requests are written here. */
    final Memory out = Memory.allocate(CAPACITY);

    /** Answers to the server's DMA commands, which may come before a request has been sent. */
    private final Memory dmaOut = Memory.allocate(DATA + DIRECT);

    /** Answers are read here. */
    final Memory in = Memory.allocate(CAPACITY);

    /** Descriptors that came with the answer of a {@link #callForDescriptors}. */
    final FdBag bag = new FdBag();

    private final String device;
    private final UnixStream stream;
    private final OpenOptions options;
    private final long timeoutNanos;
    private final ServedWindows windows;
    private final ReentrantLock lock = new ReentrantLock();

    /** Bytes taken from the stream that are at the start of {@link #in}. */
    private int filled;

    /** Bytes of the answer at the start of {@link #in}; 0 without one. */
    private int frame;

    private boolean descriptorsWelcome;
    private int lastId;

    /** Changes with every request: how the {@link DmaListener} sees that there are calls. */
    private volatile int activity;

    private volatile boolean closed;

    /** Why the connection is over, as a sentence. */
    private @Nullable String lost;

    private Errno lostErrno = Errno.ENOTCONN;

    /**
     * A connection over that stream, whose timeout is that of the options.
     *
     * @param windows what to serve
     */
    VfioUserConnection(
            String device, UnixStream stream, OpenOptions options, ServedWindows windows) {
        this.device = device;
        this.stream = stream;
        this.options = options;
        this.windows = windows;
        timeoutNanos =
                options.answerTimeout().compareTo(Duration.ofDays(365)) > 0
                        ? Long.MAX_VALUE / 4
                        : options.answerTimeout().toNanos();
    }

    /** Enters; the caller must {@link #end}. */
    void begin() {
        lock.lock();
        if (closed || lost != null) {
            try {
                throw unusable();
            } finally {
                lock.unlock();
            }
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
        int id = writeHeader(command, PAYLOAD + length, false);
        send(out, 0, PAYLOAD + length);
        return receive(id, command, PAYLOAD + most, PAYLOAD + most);
    }

    /** As {@link #call}, with descriptors beside the command. */
    int call(VfioUserCommand command, int length, int most, List<Fd> descriptors) {
        int id = writeHeader(command, PAYLOAD + length, false);
        try {
            stream.send(out, 0, PAYLOAD + length, descriptors);
        } catch (LinuxException failed) {
            throw sendFailed(failed);
        } catch (IllegalStateException over) {
            // Or one of the descriptors is closed: nothing was sent then.
            throw closed ? closedMeanwhile(over) : over;
        }
        return receive(id, command, PAYLOAD + most, PAYLOAD + most);
    }

    /** As {@link #call}, for an answer that may have descriptors: they are in {@link #bag}. */
    int callForDescriptors(VfioUserCommand command, int length, int most) {
        int id = writeHeader(command, PAYLOAD + length, false);
        send(out, 0, PAYLOAD + length);
        descriptorsWelcome = true;
        try {
            // Only the header first: a descriptor belongs to the frame whose bytes it came with,
            // and
            // a frame read no further than its end brings nothing of the next one.
            return receive(id, command, PAYLOAD, PAYLOAD + most);
        } finally {
            descriptorsWelcome = false;
        }
    }

    /**
     * Writes part of a region whose bytes are in the caller's memory and whose offset, region and
     * count are in {@link #out}.
     *
     * @param noReply whether not to wait for the answer
     * @return bytes of the answer's payload, or -errno; 0 without waiting
     */
    int write(Memory source, long sourceOffset, int count, boolean noReply) {
        int id = writeHeader(VfioUserCommand.REGION_WRITE, DATA + count, noReply);
        if (count >= DIRECT) {
            send(out, 0, DATA);
            sendRest(source, sourceOffset, count);
        } else {
            out.copy(source, sourceOffset, DATA, count);
            send(out, 0, DATA + count);
        }
        return noReply ? 0 : receive(id, VfioUserCommand.REGION_WRITE, DATA, DATA);
    }

    /** Sends a command that wants no answer. */
    void post(VfioUserCommand command, int length) {
        int _ = writeHeader(command, PAYLOAD + length, true);
        send(out, 0, PAYLOAD + length);
    }

    /**
     * Reads part of a region into the caller's memory. Offset, region and count are in {@link
     * #out}.
     *
     * @return bytes of the answer's payload, or -errno
     */
    int read(Memory destination, long destinationOffset, int count) {
        int id = writeHeader(VfioUserCommand.REGION_READ, DATA, false);
        send(out, 0, DATA);
        int most = DATA + count;
        if (count < DIRECT) {
            int length = receive(id, VfioUserCommand.REGION_READ, most, most);
            int data = length - RegionAccess.SIZE;
            if (data > 0) {
                destination.copy(in, DATA, destinationOffset, data);
            }
            return length;
        }
        awaitReply(id, VfioUserCommand.REGION_READ, DATA, most);
        if (VfioUserHeader.isError(VfioUserHeader.flags(in, 0)) || replySize() < DATA) {
            return finishReply();
        }
        int size = replySize();
        fill(DATA, DATA);
        receiveInto(destination, destinationOffset, size - DATA);
        return size - PAYLOAD;
    }

    /** Serves one DMA command if one is there and no call is under way. */
    boolean serveIfIdle() {
        if (!lock.tryLock()) {
            return false;
        }
        try {
            if (closed || lost != null || !stream.awaitReadable(Duration.ZERO)) {
                return false;
            }
            serveOne();
            while (filled > 0) {
                serveOne();
            }
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
        try {
            boolean _ = stream.awaitReadable(LONG);
            return !isOver();
        } catch (IllegalStateException over) {
            return false;
        }
    }

    /** Whether it has been closed or lost. */
    boolean isOver() {
        return closed || !stream.fd().isOpen();
    }

    /** Says which device this is, for sentences. */
    String device() {
        return device;
    }

    /** Ends the connection and the call that is under way in another thread. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        stream.close();
        lock.lock();
        try {
            bag.close();
            in.close();
            out.close();
            dmaOut.close();
        } finally {
            lock.unlock();
        }
    }

    /** Ends the connection because the server broke the protocol; returns what to throw. */
    ProtocolViolationException violation(String what) {
        String sentence = "%s broke the protocol: %s".formatted(device, what);
        lose(Errno.EPROTO, sentence);
        return new ProtocolViolationException(sentence + "; the connection is closed");
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

    private void send(Memory memory, long offset, int length) {
        try {
            stream.send(memory, offset, length);
        } catch (LinuxException failed) {
            throw sendFailed(failed);
        } catch (IllegalStateException gone) {
            throw closedMeanwhile(gone);
        }
    }

    /** Sends the second part of a frame: without it the stream is of no use any more. */
    private void sendRest(Memory memory, long offset, int length) {
        try {
            stream.send(memory, offset, length);
        } catch (LinuxException failed) {
            throw sendFailed(failed);
        } catch (IllegalStateException over) {
            throw closed ? closedMeanwhile(over) : halfDone(over);
        }
    }

    private ConnectionLostException sendFailed(LinuxException failed) {
        if (failed.errno().equals(Errno.ETIMEDOUT)) {
            return timedOut("has taken nothing");
        }
        if (failed.errno().equals(Errno.EPIPE) || failed.errno().equals(Errno.ECONNRESET)) {
            return gone(failed);
        }
        String sentence = "sending to %s failed: %s".formatted(device, failed.getMessage());
        lose(failed.errno(), sentence);
        return new ConnectionLostException(failed.errno(), sentence, failed);
    }

    /**
     * Receives the answer, all of it.
     *
     * @param want bytes to take from the stream if they are there, 16 to most
     * @param most bytes that the answer may have
     * @return bytes of the payload, or -errno
     */
    private int receive(int id, VfioUserCommand command, int want, int most) {
        awaitReply(id, command, want, most);
        return finishReply();
    }

    /** Receives the answer's header, and serves what comes before. */
    private void awaitReply(int id, VfioUserCommand command, int want, int most) {
        while (true) {
            fill(VfioUserHeader.SIZE, want);
            int flags = VfioUserHeader.flags(in, 0);
            if (VfioUserHeader.isReply(flags)) {
                long size = VfioUserHeader.size(in, 0);
                int number = VfioUserHeader.command(in, 0);
                if (VfioUserHeader.id(in, 0) != id || number != command.number()) {
                    throw violation(
                            "its answer has id %d and command %d, the request %d and %d"
                                    .formatted(
                                            VfioUserHeader.id(in, 0),
                                            number,
                                            id,
                                            command.number()));
                }
                if (size < VfioUserHeader.SIZE || size > most) {
                    throw violation(
                            "its answer to %s claims %d bytes of %d at most"
                                    .formatted(command, size, most));
                }
                return;
            }
            serveOne();
        }
    }

    private int replySize() {
        return (int) VfioUserHeader.size(in, 0);
    }

    /** Receives the rest of the answer. */
    private int finishReply() {
        int size = replySize();
        fill(size, size);
        frame = size;
        if (VfioUserHeader.isError(VfioUserHeader.flags(in, 0))) {
            int errno = VfioUserHeader.errno(in, 0);
            // It may be missing, and must be nothing that reads as success.
            return errno > 0 && errno < 4096 ? -errno : -Errno.EIO.number();
        }
        return size - PAYLOAD;
    }

    /**
     * Serves the command at the start of {@link #in}, or the next to come.
     *
     * @throws ProtocolViolationException if it is no command that a server sends
     */
    private void serveOne() {
        boolean welcome = descriptorsWelcome;
        if (bag.count() != 0 || bag.truncated()) {
            throw violation("it sent descriptors beside a command");
        }
        descriptorsWelcome = false;
        try {
            serveCommand();
        } finally {
            descriptorsWelcome = welcome;
        }
    }

    private void serveCommand() {
        fill(VfioUserHeader.SIZE, VfioUserHeader.SIZE);
        int flags = VfioUserHeader.flags(in, 0);
        long size = VfioUserHeader.size(in, 0);
        int command = VfioUserHeader.command(in, 0);
        boolean read = command == VfioUserCommand.DMA_READ.number();
        boolean write = command == VfioUserCommand.DMA_WRITE.number();
        if (!VfioUserHeader.isCommand(flags) || !(read || write)) {
            throw violation(
                    "it sent command %d with flags 0x%x of its own".formatted(command, flags));
        }
        int head = VfioUserHeader.SIZE + DmaAccess.SIZE;
        if (size < head || size > CAPACITY) {
            throw violation("its DMA message claims %d bytes".formatted(size));
        }
        fill(head, head);
        int id = VfioUserHeader.id(in, 0);
        boolean noReply = VfioUserHeader.isNoReply(flags);
        long address = DmaAccess.address(in, PAYLOAD);
        long count = DmaAccess.count(in, PAYLOAD);
        if (read) {
            if (size != head) {
                throw violation("its DMA_READ of %d bytes has data".formatted(size));
            }
            serveRead(id, address, count, noReply);
            consume(head);
        } else {
            if (count != size - head) {
                throw violation(
                        "its DMA_WRITE of %d bytes claims to carry %d".formatted(size, count));
            }
            serveWrite(id, address, (int) count, noReply);
        }
    }

    private void serveRead(int id, long address, long count, boolean noReply) {
        int errno = Errno.EINVAL.number();
        if (count >= 0 && count <= MAX_TRANSFER) {
            ServedWindows.Window window = windows.find(address, count);
            errno = window == null ? Errno.EFAULT.number() : window.refusal(true);
            if (window != null && errno == 0) {
                answerRead(id, window, address, (int) count, noReply);
                return;
            }
        }
        answerError(id, VfioUserCommand.DMA_READ, errno, noReply);
    }

    private void answerRead(
            int id, ServedWindows.Window window, long address, int count, boolean noReply) {
        if (noReply) {
            return;
        }
        int number = VfioUserCommand.DMA_READ.number();
        VfioUserHeader.writeReply(dmaOut, 0, id, number, DATA + count);
        DmaAccess.write(dmaOut, PAYLOAD, address, count);
        if (count >= DIRECT) {
            send(dmaOut, 0, DATA);
            sendRest(window.memory(), window.offset(address), count);
        } else if (window.copyTo(dmaOut, DATA, address, count)) {
            send(dmaOut, 0, DATA + count);
        } else {
            answerError(id, VfioUserCommand.DMA_READ, Errno.EFAULT.number(), false);
        }
    }

    private void serveWrite(int id, long address, int count, boolean noReply) {
        ServedWindows.Window window = windows.find(address, count);
        int errno = window == null ? Errno.EFAULT.number() : window.refusal(false);
        int size = DATA + count;
        if (window == null || errno != 0) {
            fill(size, size);
            consume(size);
            answerError(id, VfioUserCommand.DMA_WRITE, errno, noReply);
            return;
        }
        if (count >= DIRECT) {
            receiveInto(window.memory(), window.offset(address), count);
        } else {
            fill(size, size);
            boolean done = window.copyFrom(in, DATA, address, count);
            consume(size);
            if (!done) {
                answerError(id, VfioUserCommand.DMA_WRITE, Errno.EFAULT.number(), noReply);
                return;
            }
        }
        if (!noReply) {
            int number = VfioUserCommand.DMA_WRITE.number();
            VfioUserHeader.writeReply(dmaOut, 0, id, number, DATA);
            DmaAccess.write(dmaOut, PAYLOAD, address, count);
            send(dmaOut, 0, DATA);
        }
    }

    private void answerError(int id, VfioUserCommand command, int errno, boolean noReply) {
        if (!noReply) {
            VfioUserHeader.writeError(dmaOut, 0, id, command.number(), errno);
            send(dmaOut, 0, VfioUserHeader.SIZE);
        }
    }

    /**
     * Takes bytes from the stream.
     *
     * @param least how many must be in {@link #in} when this returns
     * @param most how many may be; not more than one answer, so that little is taken too early
     */
    private void fill(int least, int most) {
        long deadline = 0;
        while (filled < least) {
            int received = receive(in, filled, Math.max(least, most) - filled);
            filled += received;
            if (!descriptorsWelcome && (bag.count() != 0 || bag.truncated())) {
                throw violation("it sent descriptors that nobody asked for");
            }
            if (filled < least) {
                deadline = checkDeadline(deadline);
            }
        }
    }

    /**
     * Takes the data of the frame at the start of {@link #in} to where it belongs, and forgets the
     * frame.
     */
    private void receiveInto(Memory memory, long offset, int length) {
        int early = Math.min(length, filled - DATA);
        memory.copy(in, DATA, offset, early);
        consume(DATA + early);
        int done = early;
        long deadline = 0;
        while (done < length) {
            done += receive(memory, offset + done, length - done);
            if (bag.count() != 0 || bag.truncated()) {
                throw violation("it sent descriptors that nobody asked for");
            }
            if (done < length) {
                deadline = checkDeadline(deadline);
            }
        }
    }

    /** One receive: at least one byte, or an exception. */
    private int receive(Memory memory, long offset, int most) {
        int received;
        try {
            received = stream.receive(memory, offset, most, bag);
        } catch (LinuxException failed) {
            if (failed.errno().equals(Errno.ETIMEDOUT)) {
                throw timedOut("has not answered");
            }
            throw gone(failed);
        } catch (IllegalStateException over) {
            throw closed ? closedMeanwhile(over) : halfDone(over);
        }
        if (received == 0) {
            throw closed ? closedMeanwhile(null) : gone(null);
        }
        return received;
    }

    /**
     * A frame that comes byte by byte is over one day, too: without a call of the clock if whole.
     */
    private long checkDeadline(long deadline) {
        long now = System.nanoTime();
        if (deadline == 0) {
            return now + timeoutNanos;
        }
        if (now - deadline > 0) {
            throw timedOut("has not finished its message");
        }
        return deadline;
    }

    /** Forgets the answer and what nobody took of it, and serves what came behind it. */
    private void forgetAnswer() {
        int size = frame;
        frame = 0;
        consume(size);
        if (bag.count() != 0 || bag.truncated()) {
            bag.closeAll();
        }
        while (filled > 0) {
            serveOne();
        }
    }

    private void consume(int size) {
        filled -= size;
        if (filled > 0) {
            in.copy(in, size, 0, filled);
        }
    }

    private DeviceTimeoutException timedOut(String what) {
        String sentence =
                "%s %s within %s"
                        .formatted(device, what, Answers.readable(options.answerTimeout()));
        lose(Errno.ETIMEDOUT, sentence);
        return new DeviceTimeoutException(
                sentence
                        + ": its server hangs, or serves another client first; the connection is"
                        + " closed");
    }

    private ConnectionLostException gone(@Nullable LinuxException cause) {
        String sentence = "the server of %s has closed the connection".formatted(device);
        lose(Errno.ECONNRESET, sentence);
        return cause == null
                ? new ConnectionLostException(Errno.ECONNRESET, sentence)
                : new ConnectionLostException(Errno.ECONNRESET, sentence, cause);
    }

    private ConnectionLostException closedMeanwhile(@Nullable IllegalStateException cause) {
        String sentence = device + " was closed by another thread";
        lose(Errno.ECANCELED, sentence);
        return cause == null
                ? new ConnectionLostException(Errno.ECANCELED, sentence)
                : new ConnectionLostException(Errno.ECANCELED, sentence, cause);
    }

    /** The memory was closed while its bytes were under way. */
    private ConnectionLostException halfDone(IllegalStateException cause) {
        String sentence =
                "the memory of a message of %s was closed before the message was over"
                        .formatted(device);
        lose(Errno.ECANCELED, sentence);
        return new ConnectionLostException(Errno.ECANCELED, sentence, cause);
    }

    /** Ends the connection; the first reason stays. */
    private void lose(Errno errno, String sentence) {
        if (lost == null) {
            lost = sentence;
            lostErrno = errno;
        }
        frame = 0;
        filled = 0;
        bag.closeAll();
        stream.close();
    }

    private RuntimeException unusable() {
        if (closed) {
            return new IllegalStateException(device + " is closed");
        }
        return new ConnectionLostException(
                lostErrno,
                "the connection to %s is lost: %s; open the device again".formatted(device, lost));
    }
}
