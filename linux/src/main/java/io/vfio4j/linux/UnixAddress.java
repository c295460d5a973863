/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** A path as {@code struct sockaddr_un}: the family, the path's bytes, a zero. */
final class UnixAddress {
    static final short AF_UNIX = 1;
    static final int SOCK_STREAM = 1;
    static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOCK_NONBLOCK = 0x800;

    /** The structure has 108 bytes for the path and its zero. */
    private static final int LONGEST_PATH = 107;

    private static final int PATH = 2;

    private UnixAddress() {}

    /**
     * Allocates the structure, which is as long as the address.
     *
     * @throws LinuxException with ENAMETOOLONG if the path does not fit
     */
    static MemorySegment allocate(SegmentAllocator allocator, String call, Path path) {
        byte[] bytes = NativePath.bytes(path);
        if (bytes.length > LONGEST_PATH) {
            throw new LinuxException(
                    Errno.ENAMETOOLONG,
                    call,
                    path
                            + ": "
                            + bytes.length
                            + " bytes, but a UNIX socket's path has at most "
                            + LONGEST_PATH
                            + "; use a shorter directory or a relative path");
        }
        MemorySegment address = allocator.allocate(PATH + bytes.length + 1L, 2);
        address.set(ValueLayout.JAVA_SHORT, 0, AF_UNIX);
        MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, PATH, bytes.length);
        address.set(ValueLayout.JAVA_BYTE, PATH + (long) bytes.length, (byte) 0);
        return address;
    }

    static Fd socket() {
        return socket(0);
    }

    private static Fd socket(int flags) {
        int number = Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
        return Fd.own(Libc.check(number, "socket", ""));
    }

    /** Connects, and waits for room in the listener's queue. */
    static int connect(Fd socket, MemorySegment address) {
        int number = socket.enter();
        try {
            int result;
            do {
                result = Libc.connect(number, address.address(), (int) address.byteSize());
            } while (result == -Libc.EINTR);
            return result;
        } finally {
            socket.leave();
        }
    }

    /**
     * Tells whether someone listens, by a connection that is dropped at once.
     *
     * @return minus ECONNREFUSED if nobody does; 0, or minus another errno (such as EAGAIN for a
     *     full queue), if someone does or may
     */
    static int probe(MemorySegment address) {
        try (Fd socket = socket(SOCK_NONBLOCK)) {
            return connect(socket, address);
        }
    }
}
