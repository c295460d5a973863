/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A UNIX stream socket that waits for connections at a path.
 *
 * <p>Ownership: owns the socket and the file it made at the path. {@link #close} removes that file
 * and no other: if someone has put another file in its place, that one stays.
 *
 * <p>Threads: any thread. {@link #accept} may be called by several at once; close wakes them all.
 */
public final class UnixListener implements AutoCloseable {
    private static final int BACKLOG = 128;
    private static final int SHUT_RDWR = 2;
    private static final int ECONNABORTED = 103;

    private final Path path;
    private final Fd fd;
    private final SocketFile file;

    private UnixListener(Path path, Fd fd, SocketFile file) {
        this.path = path;
        this.fd = fd;
        this.file = file;
    }

    /**
     * Makes a socket file and listens. The file has at no time more permissions than asked for, and
     * exactly those before anyone can connect, whatever the process's umask. A socket file at which
     * nobody listens any more is replaced.
     *
     * @param path where, at most 107 bytes
     * @param mode the file's permissions, such as 0600
     * @return the listener
     * @throws LinuxException with EADDRINUSE if someone listens there, or the file is not a socket,
     *     ENOENT or EACCES for a directory that is not there or may not be written, ENAMETOOLONG if
     *     the path does not fit
     * @throws IllegalArgumentException if the mode is outside 0 to 0777
     */
    public static UnixListener bind(Path path, int mode) {
        if ((mode & ~0777) != 0) {
            throw new IllegalArgumentException(
                    "a mode is 0 to 0777: 0" + Integer.toOctalString(mode));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = UnixAddress.allocate(arena, "bind", path);
            // Of two that start at once, one must not take the other's file, which is bound but not
            // yet listened at, for a stale one.
            try (DirectoryLock _ = DirectoryLock.of(path)) {
                Fd socket = UnixAddress.socket();
                try {
                    return bind(path, mode, socket, address);
                } catch (RuntimeException refused) {
                    socket.close();
                    throw refused;
                }
            }
        }
    }

    private static UnixListener bind(Path path, int mode, Fd socket, MemorySegment address) {
        int number = socket.number();
        // The file gets the socket's own mode less the umask: never more than asked for.
        Libc.check(Libc.fchmod(number, mode), "fchmod", path.toString());
        int length = (int) address.byteSize();
        int result = Libc.bind(number, address.address(), length);
        if (result == -Errno.EADDRINUSE.number()) {
            SocketFile.removeStale(path, address);
            result = Libc.bind(number, address.address(), length);
        }
        Libc.check(result, "bind", path.toString());
        try {
            SocketFile file = SocketFile.at(path);
            try {
                file.setMode(mode);
                Libc.check(Libc.listen(number, BACKLOG), "listen", path.toString());
                return new UnixListener(path, socket, file);
            } catch (RuntimeException failed) {
                file.delete();
                throw failed;
            }
        } catch (IOException failed) {
            throw new LinuxException(Errno.EIO, "bind", path + ": " + failed.getMessage());
        }
    }

    /**
     * Waits for a connection.
     *
     * @return the connection, to be closed by the caller
     * @throws LinuxException with ECANCELED once this is closed; EMFILE or ENFILE if there are too
     *     many descriptors: the connection then stays in the queue
     */
    public UnixStream accept() {
        if (!fd.tryEnter()) {
            throw cancelled();
        }
        try {
            while (true) {
                int number = Libc.accept4(fd.entered(), UnixAddress.SOCK_CLOEXEC);
                if (number >= 0) {
                    return UnixStream.adopt(Fd.own(number));
                }
                if (!fd.isOpen()) {
                    throw cancelled();
                }
                if (number == -Libc.EAGAIN) {
                    Poll.forever(fd.entered(), Poll.IN);
                } else if (number != -Libc.EINTR && number != -ECONNABORTED) {
                    Libc.check(number, "accept", path.toString());
                }
            }
        } finally {
            fd.leave();
        }
    }

    /**
     * Returns where this listens.
     *
     * @return the path given to {@link #bind}
     */
    public Path path() {
        return path;
    }

    /**
     * Returns the descriptor, which stays this object's: it polls readable when a connection waits.
     *
     * @return the descriptor, not to be closed by the caller
     */
    public Fd fd() {
        return fd;
    }

    /**
     * Removes the socket file if it is still this one's, stops listening, and wakes those that wait
     * in {@link #accept}. Connections that nobody accepted are reset. Closing again does nothing.
     */
    @Override
    public void close() {
        if (!fd.tryEnter()) {
            return;
        }
        try {
            file.delete();
            // Marked closed first: who is woken sees why.
            fd.close();
            int _ = Libc.shutdown(fd.entered(), SHUT_RDWR);
        } finally {
            fd.leave();
        }
    }

    @Override
    public String toString() {
        return "listener " + path;
    }

    private LinuxException cancelled() {
        return new LinuxException(Errno.ECANCELED, "accept", path + ": the listener is closed");
    }
}
