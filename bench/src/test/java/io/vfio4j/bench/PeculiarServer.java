/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.UnixListener;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.VfioRegionInfo;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;
import io.vfio4j.uapi.VfioUserVersion;

import org.awaitility.Awaitility;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A server with a BAR0 and nothing else, which does not do everything as it should. */
final class PeculiarServer implements AutoCloseable {
    /** What is peculiar about it. */
    enum Habit {
        /** Accepts, and never says a word. */
        SILENT,
        /** Answers writes above 4 KiB with EINVAL, and hangs up. */
        REFUSES_LARGE_WRITES,
        /** Never answers a read of 4 KiB. */
        STUCK_AT_4K_READS,
        /** Takes one client only; ends at its first write. */
        ENDS_AT_FIRST_WRITE,
        /** Answers reads with a byte too many. */
        ANSWERS_TOO_MUCH
    }

    private static final Duration LONG = Duration.ofSeconds(30);

    private final Path directory;
    private final Path socket;
    private final Habit habit;
    private final UnixListener listener;
    private final Thread thread;
    private final AtomicInteger clients = new AtomicInteger();

    PeculiarServer(Habit habit) throws IOException {
        this.habit = habit;
        directory = Files.createTempDirectory("vfio4j-peculiar");
        socket = directory.resolve("socket");
        listener = UnixListener.bind(socket, 0600);
        thread = Thread.ofPlatform().daemon().name("peculiar server").start(this::accept);
    }

    Path socket() {
        return socket;
    }

    /** How many clients have come so far. */
    int clients() {
        return clients.get();
    }

    private void accept() {
        boolean more = true;
        while (more) {
            UnixStream stream;
            try {
                stream = listener.accept();
            } catch (LinuxException closed) {
                return;
            }
            clients.incrementAndGet();
            try (Connection connection = new Connection(stream, LONG)) {
                serve(connection);
            } catch (RowFailure gone) {
                more = !(habit == Habit.ENDS_AT_FIRST_WRITE);
            }
        }
        listener.close();
    }

    private void serve(Connection connection) {
        if (habit == Habit.SILENT) {
            connection.receive();
            connection.receive();
        }
        while (true) {
            int request = connection.receive();
            int command = VfioUserHeader.command(connection.in(), request);
            VfioUserCommand known = VfioUserCommand.of(command).orElseThrow();
            int payload =
                    switch (known) {
                        case VERSION -> version(connection);
                        case DEVICE_GET_REGION_INFO -> regionInfo(connection, request);
                        case REGION_READ -> read(connection, request);
                        case REGION_WRITE -> write(connection, request);
                        default -> throw new RowFailure("not expected: " + known);
                    };
            boolean noReply =
                    VfioUserHeader.isNoReply(VfioUserHeader.flags(connection.in(), request));
            if (!noReply) {
                reply(connection, request, command, payload);
            }
        }
    }

    private static void reply(Connection connection, int request, int command, int payload) {
        int id = VfioUserHeader.id(connection.in(), request);
        if (payload < 0) {
            VfioUserHeader.writeError(connection.out(), 0, id, command, -payload);
            connection.send(0, VfioUserHeader.SIZE);
            throw new RowFailure("hangs up");
        }
        int size = VfioUserHeader.SIZE + payload;
        VfioUserHeader.writeReply(connection.out(), 0, id, command, size);
        connection.send(0, size);
    }

    private static int version(Connection connection) {
        return new VfioUserVersion(0, 0, Optional.of(VersionCapabilities.DEFAULTS))
                .write(connection.out(), VfioUserHeader.SIZE);
    }

    private static int regionInfo(Connection connection, int request) {
        int size = VfioRegionInfo.LAYOUT.size();
        int region = VfioRegionInfo.read(connection.in(), request + VfioUserHeader.SIZE).index();
        new VfioRegionInfo(size, 0, region, 0, region == 0 ? 4 << 20 : 0, 0)
                .write(connection.out(), VfioUserHeader.SIZE);
        return size;
    }

    private int read(Connection connection, int request) {
        int count = (int) RegionAccess.count(connection.in(), request + VfioUserHeader.SIZE);
        if (habit == Habit.STUCK_AT_4K_READS && count == 4096) {
            connection.receive();
        }
        return RegionAccess.SIZE + count + (habit == Habit.ANSWERS_TOO_MUCH ? 1 : 0);
    }

    private int write(Connection connection, int request) {
        int count = (int) RegionAccess.count(connection.in(), request + VfioUserHeader.SIZE);
        if (habit == Habit.ENDS_AT_FIRST_WRITE) {
            throw new RowFailure("ends");
        }
        return habit == Habit.REFUSES_LARGE_WRITES && count > 4096
                ? -Errno.EINVAL.number()
                : RegionAccess.SIZE;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        Awaitility.await().until(() -> !thread.isAlive());
        Files.deleteIfExists(directory);
    }
}
