/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.EventFd;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.MemFd;
import io.vfio4j.linux.UnixStream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Descriptors of every kind that a client could send. */
@SuppressWarnings("restricted") // descriptors of kinds that no module of ours opens
final class Descriptors {
    /** All of them. */
    static final List<String> KINDS =
            List.of("eventfd", "pipe", "memfd", "socket", "directory", "null", "zero", "opath");

    private Descriptors() {}

    /** A descriptor that is the caller's. */
    static Fd of(String kind) {
        return switch (kind) {
            case "eventfd" -> {
                try (EventFd eventFd = EventFd.create()) {
                    yield eventFd.fd().duplicate();
                }
            }
            case "memfd" -> {
                try (MemFd file = MemFd.create("file", 8192)) {
                    yield file.fd().duplicate();
                }
            }
            case "socket" -> {
                UnixStream[] pair = UnixStream.pair();
                try (UnixStream one = pair[0];
                        UnixStream _ = pair[1]) {
                    yield one.fd().duplicate();
                }
            }
            case "pipe" -> pipe();
            case "directory" -> Fd.open(Path.of("/tmp"), false);
            case "null" -> Fd.open(Path.of("/dev/null"), true);
            case "zero" -> Fd.open(Path.of("/dev/zero"), true);
            case "opath" -> path();
            default -> throw new IllegalArgumentException(kind);
        };
    }

    private static Fd pipe() {
        try (Arena arena = Arena.ofConfined()) {
            var pair = arena.allocate(8);
            int failed =
                    (int)
                            call(
                                            "pipe2",
                                            FunctionDescriptor.of(
                                                    ValueLayout.JAVA_INT,
                                                    ValueLayout.ADDRESS,
                                                    ValueLayout.JAVA_INT))
                                    .invoke(pair, 0);
            if (failed != 0) {
                throw new IllegalStateException("pipe2");
            }
            Fd.own(pair.get(ValueLayout.JAVA_INT, 4)).close();
            return Fd.own(pair.get(ValueLayout.JAVA_INT, 0));
        } catch (Throwable failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** What no library of ours opens: a descriptor that names a file and can do nothing with it. */
    private static Fd path() {
        int flagPath = 0x200000;
        try (Arena arena = Arena.ofConfined()) {
            var open =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    Linker.nativeLinker().defaultLookup().findOrThrow("open"),
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.ADDRESS,
                                            ValueLayout.JAVA_INT),
                                    Linker.Option.firstVariadicArg(2));
            return Fd.own((int) open.invoke(arena.allocateFrom("/dev/null"), flagPath));
        } catch (Throwable failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static MethodHandle call(String name, FunctionDescriptor shape) {
        return Linker.nativeLinker()
                .downcallHandle(Linker.nativeLinker().defaultLookup().findOrThrow(name), shape);
    }

    /** Half-closes a socket: it can still receive, and the peer sees an end. */
    static void shutdownSending(Fd socket) {
        int onlyWrite = 1;
        try {
            FunctionDescriptor shape =
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
            int failed = (int) call("shutdown", shape).invoke(socket.number(), onlyWrite);
            if (failed != 0) {
                throw new IllegalStateException("shutdown");
            }
        } catch (Throwable failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** The file of a socket that nobody listens at any more. */
    static void staleSocket(Path path) {
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(path));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** As a client can that has the descriptor. */
    static void truncate(Fd fd, long size) {
        Path path = Path.of("/proc/self/fd/" + fd.number());
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
            file.truncate(size);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
