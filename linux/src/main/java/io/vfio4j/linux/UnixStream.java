/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * A connected UNIX stream socket that carries bytes and descriptors.
 *
 * <p>Lifetime: {@link #close} closes the socket. If another thread is inside a call, the connection
 * is shut down first, so that a blocked one returns, and the descriptor is given back when the last
 * has. {@link #shutdown} alone ends the connection and leaves the closing to the owner.
 *
 * <p>Threads: any thread. Receives exclude each other, and so do sends; a receive and a send do
 * not. A send is one piece: the bytes of two threads' sends do not mix. Calls that block hold the
 * calling (platform) thread; Thread.interrupt does not wake them.
 *
 * <p>Without descriptors, {@link #receive} and {@link #send(Memory, long, int)} allocate nothing.
 */
public final class UnixStream implements AutoCloseable {
    private static final int SHUT_RDWR = 2;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;

    private final Fd fd;
    private final Object receiving = new Object();
    private final Object sending = new Object();
    private final Message incoming;
    private final Message outgoing = new Message();

    /** Whether EAGAIN says that the time ran out, not that the socket is non-blocking. */
    private volatile boolean timed;

    private UnixStream(Fd fd, Message incoming) {
        this.fd = fd;
        this.incoming = incoming;
    }

    /**
     * Connects to a listener; waits while its queue is full.
     *
     * @param path the listener's socket file, at most 107 bytes
     * @return the connection
     * @throws LinuxException with ENOENT if there is no such file, ECONNREFUSED if nobody listens,
     *     EACCES if it may not be written, ENAMETOOLONG if the path does not fit
     */
    public static UnixStream connect(Path path) {
        return connect(path, Duration.ZERO);
    }

    /**
     * Connects to a listener, and has the connection's {@link #timeout} from the start.
     *
     * @param path the listener's socket file, at most 107 bytes
     * @param limit how long to wait while its queue is full, and later for each receive and send;
     *     zero or less for no limit
     * @return the connection
     * @throws LinuxException as {@link #connect(Path)}, and with ETIMEDOUT
     */
    public static UnixStream connect(Path path, Duration limit) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = UnixAddress.allocate(arena, "connect", path);
            Fd socket = UnixAddress.socket();
            try {
                UnixStream stream = adopt(socket);
                stream.timeout(limit);
                int result = UnixAddress.connect(socket, address);
                if (result == -Libc.EAGAIN && stream.timed) {
                    throw new LinuxException(Errno.ETIMEDOUT, "connect", path.toString());
                }
                Libc.check(result, "connect", path.toString());
                return stream;
            } catch (RuntimeException refused) {
                socket.close();
                throw refused;
            }
        }
    }

    /**
     * Makes two sockets that are connected to each other.
     *
     * @return the two ends
     * @throws LinuxException with EMFILE or ENFILE if there are too many descriptors
     */
    public static UnixStream[] pair() {
        Scratch scratch = Scratch.ofThread();
        int type = UnixAddress.SOCK_STREAM | UnixAddress.SOCK_CLOEXEC;
        int result = Libc.socketpair(UnixAddress.AF_UNIX, type, 0, scratch.address());
        Libc.check(result, "socketpair", "");
        Fd one = Fd.own(scratch.getInt(0));
        Fd other = Fd.own(scratch.getInt(4));
        return new UnixStream[] {adopt(one), adopt(other)};
    }

    /**
     * Takes ownership of a connected stream socket.
     *
     * @param fd the socket
     * @return the connection, which closes it
     */
    public static UnixStream adopt(Fd fd) {
        return new UnixStream(fd, new Message());
    }

    /** With a control buffer too small for what will come: for tests. */
    static UnixStream adopt(Fd fd, int controlSize) {
        return new UnixStream(fd, new Message(controlSize));
    }

    /**
     * Receives what has come, waiting for the first byte. Descriptors that came with it are in the
     * bag, whatever happens next: they are the bag owner's to take or to close.
     *
     * @param buffer where to put the bytes
     * @param offset where in the buffer, in bytes
     * @param max how many bytes at most, 1 or more
     * @param bag where descriptors are added, close-on-exec
     * @return how many bytes came; 0 if the peer ended the connection in good order
     * @throws LinuxException with ECONNRESET if the peer went away leaving bytes of ours unread
     * @throws IndexOutOfBoundsException if the range is not inside the buffer
     * @throws IllegalArgumentException if max is less than 1
     * @throws IllegalStateException if this or the buffer is closed
     */
    public int receive(Memory buffer, long offset, int max, FdBag bag) {
        return receive(buffer, offset, max, bag, 0);
    }

    /**
     * Receives what has come, and does not wait: for those who spin.
     *
     * @param buffer where to put the bytes
     * @param offset where in the buffer, in bytes
     * @param max how many bytes at most, 1 or more
     * @param bag where descriptors are added, close-on-exec
     * @return as {@link #receive}, or -1 if nothing has come
     * @throws LinuxException as {@link #receive}
     */
    public int tryReceive(Memory buffer, long offset, int max, FdBag bag) {
        return receive(buffer, offset, max, bag, MSG_DONTWAIT);
    }

    private int receive(Memory buffer, long offset, int max, FdBag bag, int flags) {
        Objects.checkFromIndexSize(offset, max, buffer.size());
        if (max < 1) {
            throw new IllegalArgumentException("receive at least 1 byte: " + max);
        }
        int number = fd.enter();
        try {
            long address = buffer.enter() + offset;
            try {
                synchronized (receiving) {
                    return receive(number, address, max, bag, flags);
                }
            } finally {
                buffer.leave();
            }
        } finally {
            fd.leave();
        }
    }

    private int receive(int number, long address, int max, FdBag bag, int flags) {
        while (true) {
            incoming.setBytes(address, max);
            incoming.offerControl();
            int received = (int) Libc.recvmsg(number, incoming.address(), MSG_CMSG_CLOEXEC | flags);
            if (received >= 0) {
                incoming.adoptDescriptors(bag);
                return received;
            }
            if (received == -Libc.EAGAIN) {
                if ((flags & MSG_DONTWAIT) != 0) {
                    return -1;
                }
                if (timed) {
                    throw new LinuxException(Errno.ETIMEDOUT, "recvmsg", "");
                }
                // An adopted socket may be non-blocking: wait as a blocking one would.
                Poll.forever(number, Poll.IN);
            } else if (received != -Libc.EINTR) {
                throw new LinuxException(Errno.of(-received), "recvmsg", "");
            }
        }
    }

    /**
     * Limits how long a receive waits for its first byte and a send for room, at no cost to each:
     * the kernel keeps the time. One that waited longer throws LinuxException with ETIMEDOUT; a
     * send may then have sent some of its bytes. For blocking sockets.
     *
     * @param limit how long, rounded up to a microsecond; zero or less for no limit, as at first
     * @throws IllegalStateException if this is closed
     */
    public void timeout(Duration limit) {
        long micros = Math.ceilDiv(Poll.nanos(limit), 1000);
        int number = fd.enter();
        try {
            timed = micros > 0;
            Scratch scratch = Scratch.ofThread();
            scratch.putLong(0, micros / 1_000_000);
            scratch.putLong(8, micros % 1_000_000);
            for (int option : new int[] {SO_RCVTIMEO, SO_SNDTIMEO}) {
                int result = Libc.setsockopt(number, SOL_SOCKET, option, scratch.address(), 16);
                Libc.check(result, "setsockopt", "SO_RCVTIMEO or SO_SNDTIMEO");
            }
        } finally {
            fd.leave();
        }
    }

    /**
     * Waits until {@link #receive} would not wait: bytes have come, or the connection ended.
     *
     * @param timeout how long to wait at most; zero or less asks without waiting
     * @return false if the time ran out
     * @throws IllegalStateException if this is closed
     */
    public boolean awaitReadable(Duration timeout) {
        int number = fd.enter();
        try {
            return Poll.await(number, Poll.IN, timeout);
        } finally {
            fd.leave();
        }
    }

    /**
     * Tells whether the other end is gone, or will send no more, though bytes that it sent before
     * may still wait to be received.
     *
     * @return true once the peer has closed or shut down
     * @throws IllegalStateException if this is closed
     */
    public boolean peerClosed() {
        int number = fd.enter();
        try {
            return (Poll.now(number, Poll.RDHUP) & (Poll.RDHUP | Poll.HUP)) != 0;
        } finally {
            fd.leave();
        }
    }

    /**
     * Sends all of the bytes, waiting for room as long as it takes.
     *
     * @param buffer where the bytes are
     * @param offset where in the buffer
     * @param length how many, 0 or more
     * @throws LinuxException with EPIPE or ECONNRESET if the connection has ended; some of the
     *     bytes may have been sent
     * @throws IndexOutOfBoundsException if the range is not inside the buffer
     * @throws IllegalStateException if this or the buffer is closed
     */
    public void send(Memory buffer, long offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffer.size());
        int number = fd.enter();
        try {
            long address = buffer.enter() + offset;
            try {
                synchronized (sending) {
                    sendBytes(number, address, length);
                }
            } finally {
                buffer.leave();
            }
        } finally {
            fd.leave();
        }
    }

    /**
     * Sends all of the bytes, and descriptors with the first of them. The descriptors stay the
     * caller's; the peer gets its own.
     *
     * @param buffer where the bytes are
     * @param offset where in the buffer
     * @param length how many, 1 or more if there are descriptors
     * @param descriptors at most {@value FdBag#CAPACITY}
     * @throws LinuxException with EPIPE or ECONNRESET if the connection has ended, ETOOMANYREFS if
     *     too many descriptors are under way
     * @throws IllegalArgumentException if there are too many descriptors, or no byte to carry them
     * @throws IndexOutOfBoundsException if the range is not inside the buffer
     * @throws IllegalStateException if this, the buffer or one of the descriptors is closed
     */
    public void send(Memory buffer, long offset, int length, List<Fd> descriptors) {
        int[] numbers = new int[descriptors.size()];
        int entered = 0;
        try {
            for (Fd descriptor : descriptors) {
                numbers[entered] = descriptor.enter();
                entered++;
            }
            send(buffer, offset, length, numbers);
        } finally {
            for (int i = 0; i < entered; i++) {
                descriptors.get(i).leave();
            }
        }
    }

    /**
     * Sends all of the bytes, and descriptors, given by their numbers, with the first of them. The
     * caller keeps the descriptors open meanwhile.
     *
     * @param buffer where the bytes are
     * @param offset where in the buffer
     * @param length how many, 1 or more if there are descriptors
     * @param descriptors at most {@value FdBag#CAPACITY} numbers
     * @throws LinuxException as {@link #send(Memory, long, int, List)}, and with EBADF if a number
     *     is not that of an open descriptor
     * @throws IllegalArgumentException as {@link #send(Memory, long, int, List)}
     * @throws IndexOutOfBoundsException if the range is not inside the buffer
     * @throws IllegalStateException if this or the buffer is closed
     */
    public void send(Memory buffer, long offset, int length, int... descriptors) {
        if (descriptors.length == 0) {
            send(buffer, offset, length);
            return;
        }
        Objects.checkFromIndexSize(offset, length, buffer.size());
        if (descriptors.length > FdBag.CAPACITY) {
            throw new IllegalArgumentException(
                    descriptors.length + " descriptors: one message takes " + FdBag.CAPACITY);
        }
        if (length == 0) {
            throw new IllegalArgumentException("descriptors travel with a byte: send at least 1");
        }
        int number = fd.enter();
        try {
            long address = buffer.enter() + offset;
            try {
                synchronized (sending) {
                    int sent = sendFirst(number, address, length, descriptors);
                    sendBytes(number, address + sent, length - sent);
                }
            } finally {
                buffer.leave();
            }
        } finally {
            fd.leave();
        }
    }

    /** Sends the first bytes, at least one, with the descriptors. */
    private int sendFirst(int number, long address, int length, int[] descriptors) {
        outgoing.setBytes(address, length);
        outgoing.setDescriptorCount(descriptors.length);
        for (int i = 0; i < descriptors.length; i++) {
            outgoing.setDescriptor(i, descriptors[i]);
        }
        while (true) {
            long sent = Libc.sendmsg(number, outgoing.address(), MSG_NOSIGNAL);
            if (sent > 0) {
                return (int) sent;
            }
            retryOrThrow(number, sent, "sendmsg");
        }
    }

    private void sendBytes(int number, long address, int length) {
        int done = 0;
        while (done < length) {
            long sent = Libc.send(number, address + done, length - done, MSG_NOSIGNAL);
            if (sent >= 0) {
                done += (int) sent;
            } else {
                retryOrThrow(number, sent, "send");
            }
        }
    }

    private void retryOrThrow(int number, long result, String call) {
        if (result == -Libc.EAGAIN) {
            if (timed) {
                throw new LinuxException(Errno.ETIMEDOUT, call, "");
            }
            Poll.forever(number, Poll.OUT);
        } else if (result != -Libc.EINTR) {
            Libc.check(result, call, "");
        }
    }

    /**
     * Ends the connection in both directions: a blocked receive, here or at the peer, returns 0
     * once it has got what was under way, a send fails with EPIPE. The descriptor stays open. Does
     * nothing if this is closed or the peer has gone.
     */
    public void shutdown() {
        if (!fd.tryEnter()) {
            return;
        }
        try {
            // ENOTCONN: the peer was faster.
            int _ = Libc.shutdown(fd.entered(), SHUT_RDWR);
        } finally {
            fd.leave();
        }
    }

    /**
     * Tells which process connected, or made the pair.
     *
     * @return its process id, as seen from this process; 0 if it is of another pid namespace
     * @throws IllegalStateException if this is closed
     */
    public int peerPid() {
        return credentials(0);
    }

    /**
     * Tells whose process connected, or made the pair.
     *
     * @return its effective user id at that time
     * @throws IllegalStateException if this is closed
     */
    public int peerUid() {
        return credentials(4);
    }

    /** One of the three numbers of {@code struct ucred}: pid, uid, gid. */
    private int credentials(int offset) {
        int number = fd.enter();
        try {
            Scratch scratch = Scratch.ofThread();
            scratch.putInt(12, 12);
            long address = scratch.address();
            int result = Libc.getsockopt(number, SOL_SOCKET, SO_PEERCRED, address, address + 12);
            Libc.check(result, "getsockopt", "SO_PEERCRED");
            return scratch.getInt(offset);
        } finally {
            fd.leave();
        }
    }

    /**
     * Returns the descriptor, which stays this object's: to poll it.
     *
     * @return the descriptor, not to be closed by the caller
     */
    public Fd fd() {
        return fd;
    }

    /**
     * Closes the socket, ending the connection first if another thread is inside a call. Closing
     * again does nothing.
     */
    @Override
    public void close() {
        if (!fd.tryEnter()) {
            return;
        }
        try {
            // Marked closed first: nobody comes in any more, and those who are in get woken.
            fd.close();
            if (fd.users() > 1) {
                int _ = Libc.shutdown(fd.entered(), SHUT_RDWR);
            }
        } finally {
            fd.leave();
        }
    }

    @Override
    public String toString() {
        return "stream " + fd;
    }
}
