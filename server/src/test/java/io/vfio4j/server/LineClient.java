/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A client of a control socket that speaks in bytes. It never waits for ever. */
final class LineClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final UnixStream stream;
    private final Memory in = Memory.allocate(1);

    LineClient(Path socket) {
        stream = UnixStream.connect(Path.of(socket + ".ctl"));
    }

    void raw(byte[] bytes, Fd... fds) {
        try (Memory out = Memory.allocate(bytes.length)) {
            out.put(0, bytes, 0, bytes.length);
            if (fds.length == 0) {
                stream.send(out, 0, bytes.length);
            } else {
                stream.send(out, 0, bytes.length, List.of(fds));
            }
        }
    }

    void send(String line) {
        raw((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** The next line, or nothing if the server has closed the connection. */
    Optional<String> tryReceive() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (FdBag bag = new FdBag()) {
            while (true) {
                if (!stream.awaitReadable(PATIENCE)) {
                    throw new AssertionError("the server said nothing for " + PATIENCE);
                }
                if (stream.receive(in, 0, 1, bag) == 0) {
                    return Optional.empty();
                }
                if (in.getByte(0) == '\n') {
                    return Optional.of(line.toString(StandardCharsets.UTF_8));
                }
                line.write(in.getByte(0));
            }
        } catch (LinuxException reset) {
            return Optional.empty();
        }
    }

    /** Reads what has come so far. */
    void tryReceiveAll() {
        while (hasLine(Duration.ofMillis(5)) && tryReceive().isPresent()) {
            Thread.onSpinWait();
        }
    }

    String receive() {
        return tryReceive().orElseThrow(() -> new AssertionError("the server hung up"));
    }

    String ask(String line) {
        send(line);
        return receive();
    }

    boolean hasLine(Duration within) {
        return stream.awaitReadable(within);
    }

    UnixStream stream() {
        return stream;
    }

    @Override
    public void close() {
        stream.close();
        in.close();
    }
}
