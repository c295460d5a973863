/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.HostLine;
import io.vfio4j.uapi.HostLineDecoder;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

/** The lines of one connection to a control socket. One thread at a time asks or listens. */
final class HostConnection implements AutoCloseable {
    private final Path socket;
    private final UnixStream stream;
    private final Duration timeout;

    /** Held over a whole question and answer. */
    private final Object asking = new Object();

    private final Memory buffer = Memory.allocate(HostLine.MAX_BYTES);
    private final byte[] bytes = new byte[HostLine.MAX_BYTES];
    private final FdBag bag = new FdBag();
    private final HostLineDecoder decoder = new HostLineDecoder();
    private final Queue<String> lines = new ArrayDeque<>();
    private volatile @Nullable ConnectionLostException lost;
    private boolean endless;
    private volatile boolean closed;

    private HostConnection(Path socket, UnixStream stream, Duration timeout) {
        this.socket = socket;
        this.stream = stream;
        this.timeout = timeout;
    }

    /**
     * Connects.
     *
     * @throws LinuxException as {@link UnixStream#connect}
     */
    static HostConnection connect(Path socket, Duration timeout) {
        return new HostConnection(socket, UnixStream.connect(socket, timeout), timeout);
    }

    HostReply ask(HostRequest request) {
        byte[] line = (request.format() + "\n").getBytes(StandardCharsets.UTF_8);
        synchronized (asking) {
            requireOpen();
            buffer.put(0, line, 0, line.length);
            try {
                stream.send(buffer, 0, line.length);
            } catch (LinuxException failed) {
                throw lost(failed);
            } catch (IllegalStateException over) {
                throw over(over);
            }
            String answer = nextLine();
            try {
                return HostReply.parse(answer);
            } catch (IllegalArgumentException malformed) {
                throw violation(String.valueOf(malformed.getMessage()));
            }
        }
    }

    /** Waits for the next line, of events as long as it takes. */
    String nextLine() {
        synchronized (asking) {
            long start = System.nanoTime();
            while (true) {
                String line = lines.poll();
                if (line != null) {
                    return line;
                }
                receive();
                if (!endless && System.nanoTime() - start > timeout.toNanos()) {
                    throw timedOut();
                }
            }
        }
    }

    /** From now on silence is no fault. */
    void waitForEver() {
        endless = true;
        stream.timeout(Duration.ZERO);
    }

    private void receive() {
        int count;
        try {
            count = stream.receive(buffer, 0, (int) buffer.size(), bag);
        } catch (LinuxException failed) {
            throw failed.errno().equals(Errno.ETIMEDOUT) ? timedOut() : lost(failed);
        } catch (IllegalStateException over) {
            throw over(over);
        }
        boolean strangers = bag.count() != 0 || bag.truncated();
        bag.closeAll();
        if (strangers) {
            throw violation("it sent descriptors");
        }
        if (count == 0) {
            throw closed ? over(null) : lost(null);
        }
        buffer.get(0, bytes, 0, count);
        try {
            decoder.feed(bytes, 0, count, lines::add);
        } catch (IllegalArgumentException malformed) {
            throw violation(String.valueOf(malformed.getMessage()));
        }
    }

    /** Ends the connection because the other side broke the protocol; returns what to throw. */
    ProtocolViolationException violation(String what) {
        var violation =
                new ProtocolViolationException(
                        "the control socket %s answers nonsense: %s; the connection is closed"
                                .formatted(socket, what));
        lose(violation);
        return violation;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the host side " + socket + " is closed");
        }
        ConnectionLostException reason = lost;
        if (reason != null) {
            throw new ConnectionLostException(
                    reason.errno(), reason.getMessage() + "; connect again", reason);
        }
    }

    private DeviceTimeoutException timedOut() {
        var timeouts =
                new DeviceTimeoutException(
                        "the control socket %s has not answered within %s; the connection is closed"
                                .formatted(socket, Answers.readable(timeout)));
        lose(timeouts);
        return timeouts;
    }

    private ConnectionLostException lost(@Nullable LinuxException cause) {
        String sentence = "the server of %s has closed the connection".formatted(socket);
        var gone =
                cause == null
                        ? new ConnectionLostException(Errno.ECONNRESET, sentence)
                        : new ConnectionLostException(cause.errno(), sentence, cause);
        lose(gone);
        return gone;
    }

    private ConnectionLostException over(@Nullable IllegalStateException cause) {
        String sentence = "the host side %s was closed by another thread".formatted(socket);
        return cause == null
                ? new ConnectionLostException(Errno.ECANCELED, sentence)
                : new ConnectionLostException(Errno.ECANCELED, sentence, cause);
    }

    private void lose(ConnectionLostException reason) {
        if (lost == null) {
            lost = reason;
        }
        stream.close();
    }

    /** Has whoever waits here fail; the owner still has to close. */
    void interrupt() {
        closed = true;
        stream.shutdown();
    }

    @Override
    public void close() {
        closed = true;
        stream.close();
        synchronized (asking) {
            bag.close();
            buffer.close();
        }
    }
}
