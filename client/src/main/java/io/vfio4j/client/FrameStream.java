/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;

/**
 * The stream below the frames: bytes out, bytes in, and the connection's end, for whatever reason.
 * Belongs to one thread at a time, but for {@link #close} and the methods that say so.
 *
 * <p>Received bytes are in {@link #in}, from its start, {@link #filled} of them. Whatever breaks
 * the protocol or the time limit ends the connection: after a request of which nobody knows what
 * became of it there is nothing to go on with. Every exception here comes with the connection's
 * end.
 */
final class FrameStream implements AutoCloseable {
    private static final Duration LONG = Duration.ofDays(365);

    /** What was received. */
    final Memory in = Memory.allocate(Frames.CAPACITY);

    /** Descriptors that came with it. */
    final FdBag bag = new FdBag();

    private final String device;
    private final UnixStream stream;
    private final Duration timeout;
    private final long timeoutNanos;
    private int filled;
    private boolean descriptorsWelcome;
    private volatile boolean closed;

    /** Why the connection is over, as a sentence. */
    private @Nullable String lost;

    private Errno lostErrno = Errno.ENOTCONN;

    /**
     * Takes ownership of a stream.
     *
     * @param device who is at its other end, for sentences
     * @param timeout the stream's
     */
    FrameStream(String device, UnixStream stream, Duration timeout) {
        this.device = device;
        this.stream = stream;
        this.timeout = timeout;
        timeoutNanos = (timeout.compareTo(LONG) > 0 ? LONG : timeout).toNanos();
    }

    /** Who is at the other end. Any thread. */
    String device() {
        return device;
    }

    /** Bytes in {@link #in}. */
    int filled() {
        return filled;
    }

    /**
     * Says whether descriptors may come with what is received next, as they do with few answers.
     *
     * @return whether they might before
     */
    boolean welcomeDescriptors(boolean welcome) {
        boolean before = descriptorsWelcome;
        descriptorsWelcome = welcome;
        return before;
    }

    /** Whether descriptors have come that nobody has cleared. */
    boolean hasDescriptors() {
        return bag.count() != 0 || bag.truncated();
    }

    /** Sends a frame, or its first part. */
    void send(Memory memory, int length) {
        try {
            stream.send(memory, 0, length);
        } catch (LinuxException failed) {
            throw sendFailed(failed);
        } catch (IllegalStateException over) {
            throw closedMeanwhile(over);
        }
    }

    /**
     * Sends a frame with descriptors; IllegalStateException, and nothing is sent, if one is closed.
     */
    void send(Memory memory, int length, List<Fd> descriptors) {
        try {
            stream.send(memory, 0, length, descriptors);
        } catch (LinuxException failed) {
            throw sendFailed(failed);
        } catch (IllegalStateException over) {
            throw closed ? closedMeanwhile(over) : over;
        }
    }

    /** Sends the second part of a frame: without it the stream is of no use any more. */
    void sendRest(Memory memory, long offset, int length) {
        try {
            stream.send(memory, offset, length);
        } catch (LinuxException failed) {
            throw sendFailed(failed);
        } catch (IllegalStateException over) {
            throw halfDone(over);
        }
    }

    /**
     * Receives.
     *
     * @param least how many bytes must be in {@link #in} when this returns
     * @param most how many may be, if they are there: so that little is taken too early
     */
    void fill(int least, int most) {
        long deadline = 0;
        while (filled < least) {
            filled += receive(in, filled, Math.max(least, most) - filled);
            if (filled < least) {
                deadline = checkDeadline(deadline);
            }
        }
    }

    /**
     * Takes the data of the frame at the start of {@link #in} to where it belongs, received already
     * or not, and forgets the frame.
     */
    void receiveInto(Memory memory, long offset, int length) {
        int done = Math.min(length, filled - Frames.DATA);
        try {
            memory.copy(in, Frames.DATA, offset, done);
        } catch (IllegalStateException over) {
            throw halfDone(over);
        }
        consume(Frames.DATA + done);
        long deadline = 0;
        while (done < length) {
            done += receive(memory, offset + done, length - done);
            if (done < length) {
                deadline = checkDeadline(deadline);
            }
        }
    }

    /** Forgets a frame at the start of {@link #in}. */
    void consume(int size) {
        filled -= size;
        if (filled > 0) {
            in.copy(in, size, 0, filled);
        }
    }

    /** One receive: at least one byte. */
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
            throw halfDone(over);
        }
        if (received == 0) {
            throw closed ? closedMeanwhile(null) : gone(null);
        }
        if (!descriptorsWelcome && hasDescriptors()) {
            throw violation("it sent descriptors that nobody asked for");
        }
        return received;
    }

    /** What comes byte by byte must end, too. Whole frames cost no call of the clock. */
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

    /**
     * Tells whether something has come. Any thread.
     *
     * @throws IllegalStateException if the connection is over
     */
    boolean isReadable() {
        return stream.awaitReadable(Duration.ZERO);
    }

    /**
     * Waits until something may have come. Any thread.
     *
     * @return false once the connection is over
     */
    boolean awaitReadable() {
        try {
            boolean _ = stream.awaitReadable(LONG);
            return !isOver();
        } catch (IllegalStateException over) {
            return false;
        }
    }

    /** Whether the connection was closed or lost. Any thread. */
    boolean isOver() {
        return closed || !stream.fd().isOpen();
    }

    /**
     * Refuses to go on with a connection that is over.
     *
     * @throws IllegalStateException if it was closed
     * @throws ConnectionLostException if it was lost
     */
    void requireUsable() {
        if (closed) {
            throw new IllegalStateException(device + " is closed");
        }
        if (lost != null) {
            throw new ConnectionLostException(
                    lostErrno,
                    "the connection to %s is lost: %s; open the device again"
                            .formatted(device, lost));
        }
    }

    /** Ends the connection because the other side broke the protocol; returns what to throw. */
    ProtocolViolationException violation(String what) {
        String sentence = "%s broke the protocol: %s".formatted(device, what);
        lose(Errno.EPROTO, sentence);
        return new ProtocolViolationException(sentence + "; the connection is closed");
    }

    private ConnectionLostException sendFailed(LinuxException failed) {
        if (failed.errno().equals(Errno.ETIMEDOUT)) {
            return timedOut("has taken nothing");
        }
        if (failed.errno().equals(Errno.EPIPE) || failed.errno().equals(Errno.ECONNRESET)) {
            return gone(failed);
        }
        return lost(failed.errno(), "sending to %s failed".formatted(device), failed);
    }

    private DeviceTimeoutException timedOut(String what) {
        String sentence = "%s %s within %s".formatted(device, what, Answers.readable(timeout));
        lose(Errno.ETIMEDOUT, sentence);
        return new DeviceTimeoutException(
                sentence
                        + ": its server hangs, or serves another client first; the connection is"
                        + " closed");
    }

    private ConnectionLostException gone(@Nullable Throwable cause) {
        return lost(
                Errno.ECONNRESET,
                "the server of %s has closed the connection".formatted(device),
                cause);
    }

    private ConnectionLostException closedMeanwhile(@Nullable Throwable cause) {
        return lost(Errno.ECANCELED, device + " was closed by another thread", cause);
    }

    private ConnectionLostException halfDone(IllegalStateException cause) {
        return closed
                ? closedMeanwhile(cause)
                : lost(
                        Errno.ECANCELED,
                        "the memory of a message of %s was closed before the message was over"
                                .formatted(device),
                        cause);
    }

    private ConnectionLostException lost(Errno errno, String sentence, @Nullable Throwable cause) {
        lose(errno, sentence);
        return cause == null
                ? new ConnectionLostException(errno, sentence)
                : new ConnectionLostException(errno, sentence, cause);
    }

    /** Ends the connection; the first reason stays. */
    private void lose(Errno errno, String sentence) {
        if (lost == null) {
            lost = sentence;
            lostErrno = errno;
        }
        filled = 0;
        bag.closeAll();
        stream.close();
    }

    /**
     * Ends the connection, and the waiting of the thread that it belongs to. Any thread; the memory
     * is left to {@link #free}.
     */
    @Override
    public void close() {
        closed = true;
        stream.close();
    }

    /** Gives the memory back, once no thread is at work here any more. */
    void free() {
        bag.close();
        in.close();
    }
}
