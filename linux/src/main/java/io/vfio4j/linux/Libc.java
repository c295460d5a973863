/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The one seam to the C library: every system call of this module goes through here.
 *
 * <p>Linking a new call <em>shape</em> costs milliseconds, a function of a known shape next to
 * nothing, so there are three shapes: six integers with errno, three integers of a variadic
 * function with errno, and the fence. A function with fewer parameters is called with trailing
 * zeros: on x86-64 (System V) and aarch64 (AAPCS64) the first six integers travel in registers and
 * a callee ignores those that it does not declare.
 *
 * <p>Pointers travel as numbers. The caller keeps what they point to alive: see {@link UseCount}.
 *
 * <p>Every function returns its C result or, where C returns -1, minus the errno; so a result is an
 * error exactly if it is negative. Safe for any thread; nothing here allocates after a thread's
 * first call.
 */
final class Libc {
    /** Layout of errno, which the linker saves right after each call. */
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();

    private static final long ERRNO =
            CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /** A signal came before anything was done: every caller but ioctl's tries again. */
    static final int EINTR = 4;

    /** It would have to wait, and was asked not to. */
    static final int EAGAIN = 11;

    /** This kind of file does not know the call's flags. */
    static final int EOPNOTSUPP = 95;

    private static final MemorySegment ACCEPT4 = find("accept4");
    private static final MemorySegment BIND = find("bind");
    private static final MemorySegment CLOSE = find("close");
    private static final MemorySegment CONNECT = find("connect");
    private static final MemorySegment EPOLL_CREATE1 = find("epoll_create1");
    private static final MemorySegment EPOLL_CTL = find("epoll_ctl");
    private static final MemorySegment EPOLL_WAIT = find("epoll_wait");
    private static final MemorySegment EVENTFD = find("eventfd");
    private static final MemorySegment FCHMOD = find("fchmod");
    private static final MemorySegment FCNTL = find("fcntl");
    private static final MemorySegment FLOCK = find("flock");
    private static final MemorySegment FSTATFS = find("fstatfs");
    private static final MemorySegment FTRUNCATE = find("ftruncate");
    private static final MemorySegment GETSOCKOPT = find("getsockopt");
    private static final MemorySegment IOCTL = find("ioctl");
    private static final MemorySegment LABS = find("labs");
    private static final MemorySegment LISTEN = find("listen");
    private static final MemorySegment LSEEK = find("lseek");
    private static final MemorySegment MADVISE = find("madvise");
    private static final MemorySegment MEMFD_CREATE = find("memfd_create");
    private static final MemorySegment MMAP = find("mmap");
    private static final MemorySegment MUNMAP = find("munmap");
    private static final MemorySegment OPEN = find("open");
    private static final MemorySegment PIPE2 = find("pipe2");
    private static final MemorySegment POLL = find("poll");
    private static final MemorySegment PREAD = find("pread");
    private static final MemorySegment PREADV2 = find("preadv2");
    private static final MemorySegment PRLIMIT = find("prlimit");
    private static final MemorySegment PWRITE = find("pwrite");
    private static final MemorySegment READ = find("read");
    private static final MemorySegment READLINK = find("readlink");
    private static final MemorySegment RECVMSG = find("recvmsg");
    private static final MemorySegment SCHED_GETCPU = find("sched_getcpu");
    private static final MemorySegment SCHED_SETAFFINITY = find("sched_setaffinity");
    private static final MemorySegment SEND = find("send");
    private static final MemorySegment SENDMSG = find("sendmsg");
    private static final MemorySegment SETSOCKOPT = find("setsockopt");
    private static final MemorySegment SHUTDOWN = find("shutdown");
    private static final MemorySegment SOCKET = find("socket");
    private static final MemorySegment SOCKETPAIR = find("socketpair");
    private static final MemorySegment SPLICE = find("splice");
    private static final MemorySegment SYSCALL = find("syscall");
    private static final MemorySegment WRITE = find("write");

    private Libc() {}

    static int accept4(int fd, int flags) {
        return call(ACCEPT4, fd, 0, 0, flags, 0, 0);
    }

    static int bind(int fd, long address, int length) {
        return call(BIND, fd, address, length, 0, 0, 0);
    }

    static int close(int fd) {
        return call(CLOSE, fd, 0, 0, 0, 0, 0);
    }

    static int connect(int fd, long address, int length) {
        return call(CONNECT, fd, address, length, 0, 0, 0);
    }

    static int epollCreate(int flags) {
        return call(EPOLL_CREATE1, flags, 0, 0, 0, 0, 0);
    }

    static int epollCtl(int epoll, int operation, int fd, long event) {
        return call(EPOLL_CTL, epoll, operation, fd, event, 0, 0);
    }

    static int epollWait(int epoll, long events, int max, int timeoutMillis) {
        return call(EPOLL_WAIT, epoll, events, max, timeoutMillis, 0, 0);
    }

    static int eventfd(int initial, int flags) {
        return call(EVENTFD, initial, flags, 0, 0, 0, 0);
    }

    static int fchmod(int fd, int mode) {
        return call(FCHMOD, fd, mode, 0, 0, 0, 0);
    }

    static int fcntl(int fd, int command, long argument) {
        return callVariadic(FCNTL, fd, command, argument);
    }

    static int flock(int fd, int operation) {
        return call(FLOCK, fd, operation, 0, 0, 0, 0);
    }

    static int fstatfs(int fd, long buffer) {
        return call(FSTATFS, fd, buffer, 0, 0, 0, 0);
    }

    static int ftruncate(int fd, long length) {
        return call(FTRUNCATE, fd, length, 0, 0, 0, 0);
    }

    static int getsockopt(int fd, int level, int name, long value, long length) {
        return call(GETSOCKOPT, fd, level, name, value, length, 0);
    }

    static int ioctl(int fd, long request, long argument) {
        return callVariadic(IOCTL, fd, request, argument);
    }

    static int listen(int fd, int backlog) {
        return call(LISTEN, fd, backlog, 0, 0, 0, 0);
    }

    static long lseek(int fd, long offset, int whence) {
        return callWide(LSEEK, fd, offset, whence, 0, 0, 0);
    }

    static int madvise(long address, long length, int advice) {
        return call(MADVISE, address, length, advice, 0, 0, 0);
    }

    static int memfdCreate(long name, int flags) {
        return call(MEMFD_CREATE, name, flags, 0, 0, 0, 0);
    }

    static long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        return callWide(MMAP, address, length, protection, flags, fd, offset);
    }

    static int munmap(long address, long length) {
        return call(MUNMAP, address, length, 0, 0, 0, 0);
    }

    static int open(long path, int flags) {
        return callVariadic(OPEN, path, flags, 0);
    }

    static int pipe2(long fds, int flags) {
        return call(PIPE2, fds, flags, 0, 0, 0, 0);
    }

    static int poll(long fds, int count, int timeoutMillis) {
        return call(POLL, fds, count, timeoutMillis, 0, 0, 0);
    }

    static long pread(int fd, long buffer, long length, long offset) {
        return callWide(PREAD, fd, buffer, length, offset, 0, 0);
    }

    static long preadv2(int fd, long vector, int count, long offset, int flags) {
        return callWide(PREADV2, fd, vector, count, offset, flags, 0);
    }

    static int prlimit(int pid, int resource, long newLimit, long oldLimit) {
        return call(PRLIMIT, pid, resource, newLimit, oldLimit, 0, 0);
    }

    static long pwrite(int fd, long buffer, long length, long offset) {
        return callWide(PWRITE, fd, buffer, length, offset, 0, 0);
    }

    static long read(int fd, long buffer, long length) {
        return callWide(READ, fd, buffer, length, 0, 0, 0);
    }

    static long readlink(long path, long buffer, long length) {
        return callWide(READLINK, path, buffer, length, 0, 0, 0);
    }

    static long recvmsg(int fd, long message, int flags) {
        return callWide(RECVMSG, fd, message, flags, 0, 0, 0);
    }

    static int schedGetcpu() {
        return call(SCHED_GETCPU, 0, 0, 0, 0, 0, 0);
    }

    static int schedSetaffinity(int tid, long length, long mask) {
        return call(SCHED_SETAFFINITY, tid, length, mask, 0, 0, 0);
    }

    static long send(int fd, long buffer, long length, int flags) {
        return callWide(SEND, fd, buffer, length, flags, 0, 0);
    }

    static long sendmsg(int fd, long message, int flags) {
        return callWide(SENDMSG, fd, message, flags, 0, 0, 0);
    }

    static int setsockopt(int fd, int level, int name, long value, int length) {
        return call(SETSOCKOPT, fd, level, name, value, length, 0);
    }

    static int shutdown(int fd, int how) {
        return call(SHUTDOWN, fd, how, 0, 0, 0, 0);
    }

    static int socket(int domain, int type, int protocol) {
        return call(SOCKET, domain, type, protocol, 0, 0, 0);
    }

    static int socketpair(int domain, int type, int protocol, long fds) {
        return call(SOCKETPAIR, domain, type, protocol, fds, 0, 0);
    }

    static long splice(int from, long fromOffset, int to, long length, int flags) {
        return callWide(SPLICE, from, fromOffset, to, 0, length, flags);
    }

    /** A call that the C library has no function for. */
    static long syscall(int number, long a, long b, long c, long d, long e) {
        return callWide(SYSCALL, number, a, b, c, d, e);
    }

    static long write(int fd, long buffer, long length) {
        return callWide(WRITE, fd, buffer, length, 0, 0, 0);
    }

    /**
     * A call that does nothing but pass through a safepoint poll on its way back into Java, which
     * is where the virtual machine delivers the error of a faulting memory access before it.
     *
     * @param value what was read, if anything: being used here, the read cannot be optimized away
     */
    static void fence(long value) {
        try {
            long _ = (long) Fence.PLAIN.invokeExact(LABS, value);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /**
     * Throws if a call failed.
     *
     * @return the result, which is not negative
     */
    static int check(int result, String call, String detail) {
        if (result < 0) {
            throw new LinuxException(Errno.of(-result), call, detail);
        }
        return result;
    }

    /** As {@link #check(int, String, String)}. */
    static long check(long result, String call, String detail) {
        if (result < 0) {
            throw new LinuxException(Errno.of((int) -result), call, detail);
        }
        return result;
    }

    /** Calls a function that returns an int: the upper half of the register is not defined. */
    private static int call(
            MemorySegment function, long a, long b, long c, long d, long e, long f) {
        MemorySegment capture = Scratch.ofThread().capture;
        try {
            int result = (int) (long) Six.CALL.invokeExact(function, capture, a, b, c, d, e, f);
            return result == -1 ? -capture.get(ValueLayout.JAVA_INT, ERRNO) : result;
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** Calls a function that returns a ssize_t, an off_t or a pointer. */
    private static long callWide(
            MemorySegment function, long a, long b, long c, long d, long e, long f) {
        MemorySegment capture = Scratch.ofThread().capture;
        try {
            long result = (long) Six.CALL.invokeExact(function, capture, a, b, c, d, e, f);
            return result == -1 ? -capture.get(ValueLayout.JAVA_INT, ERRNO) : result;
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    private static int callVariadic(MemorySegment function, long a, long b, long c) {
        MemorySegment capture = Scratch.ofThread().capture;
        try {
            int result = (int) (long) Variadic.CALL.invokeExact(function, capture, a, b, c);
            return result == -1 ? -capture.get(ValueLayout.JAVA_INT, ERRNO) : result;
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** A downcall throws nothing checked. */
    private static RuntimeException unchecked(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof RuntimeException runtime
                ? runtime
                : new IllegalStateException("a call into the C library threw", thrown);
    }

    private static MemorySegment find(String function) {
        return Linker.nativeLinker()
                .defaultLookup()
                .find(function)
                .orElseThrow(() ->
                        new UnsupportedOperationException(
                                "the C library has no "
                                        + function
                                        + ": vfio4j needs Linux with glibc 2.27 or newer"));
    }

    @SuppressWarnings("restricted") // the one place: see the class comment
    private static MethodHandle link(
            FunctionDescriptor shape, int leading, Linker.Option... options) {
        try {
            return Linker.nativeLinker().downcallHandle(shape, options);
        } catch (IllegalCallerException denied) {
            // Thrown by each call, since a failed initializer would say it once and then only
            // NoClassDefFoundError.
            MethodType type = shape.toMethodType();
            for (int i = 0; i < leading; i++) {
                type = type.insertParameterTypes(0, MemorySegment.class);
            }
            MethodHandle refusal =
                    MethodHandles.throwException(long.class, IllegalStateException.class)
                            .bindTo(nativeAccessDenied(denied));
            return MethodHandles.dropArguments(refusal, 0, type.parameterArray());
        }
    }

    private static IllegalStateException nativeAccessDenied(IllegalCallerException denied) {
        Module module = Libc.class.getModule();
        String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
        return new IllegalStateException(
                "native access is denied to vfio4j: start java with --enable-native-access=" + name,
                denied);
    }

    /** Linked at the first ordinary call. */
    private static final class Six {
        static final MethodHandle CALL =
                link(
                        FunctionDescriptor.of(
                                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                                JAVA_LONG),
                        2,
                        Linker.Option.captureCallState("errno"));
    }

    /** Linked at the first call of open, fcntl or ioctl, whose third parameter is variadic. */
    private static final class Variadic {
        static final MethodHandle CALL =
                link(
                        FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                        2,
                        Linker.Option.captureCallState("errno"),
                        Linker.Option.firstVariadicArg(2));
    }

    /** Linked at the first access to a mapping. */
    private static final class Fence {
        static final MethodHandle PLAIN = link(FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), 1);
    }
}
