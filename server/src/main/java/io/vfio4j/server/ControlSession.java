/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.HostLine;
import io.vfio4j.uapi.HostLineDecoder;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One client of a control socket: a line in, a line out, until it goes. After {@code watch} it is
 * told of every change of the device's power.
 */
final class ControlSession {
    private static final int BUFFER = 4096;

    private static final System.Logger LOG = System.getLogger(ControlSession.class.getName());

    private final UnixStream stream;
    private final ServedDevice device;
    private final String name;
    private final Consumer<ControlSession> over;
    private final Thread thread;
    private final Memory in = Memory.allocate(BUFFER);
    private Optional<Watcher> watcher = Optional.empty();

    /**
     * A session, to be started.
     *
     * @param stream to the client; closed by the session
     * @param device whose attributes are read and written
     * @param name for the log
     * @param over called when the session is over
     */
    ControlSession(
            UnixStream stream, ServedDevice device, String name, Consumer<ControlSession> over) {
        this.stream = stream;
        this.device = device;
        this.name = name;
        this.over = over;
        thread = Thread.ofPlatform().daemon().name("control " + name).unstarted(this::run);
    }

    void start() {
        try {
            thread.start();
        } catch (OutOfMemoryError noThreads) {
            end();
            throw noThreads;
        }
    }

    /** Ends the session from any thread. */
    void stop() {
        stream.shutdown();
    }

    /** Waits for its end. */
    void join(Duration patience) {
        try {
            thread.join(patience);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try (FdBag bag = new FdBag()) {
            HostLineDecoder lines = new HostLineDecoder();
            byte[] bytes = new byte[BUFFER];
            for (int got = receive(bag); got > 0; got = receive(bag)) {
                in.get(0, bytes, 0, got);
                lines.feed(bytes, 0, got, this::answer);
            }
        } catch (IllegalArgumentException tooLong) {
            // The stream cannot be cut into lines any more.
            sayAndGiveUp(String.valueOf(tooLong.getMessage()));
        } catch (LinuxException gone) {
            LOG.log(Level.DEBUG, "{0}: {1}", name, gone.getMessage());
        } catch (RuntimeException | Error bug) {
            LOG.log(Level.ERROR, name + ": host-side connection closed after an error", bug);
        } finally {
            end();
        }
    }

    /** Whether the client has hung up, though the session may not have noticed yet. */
    boolean hungUp() {
        try {
            return stream.peerClosed();
        } catch (IllegalStateException closed) {
            return true;
        }
    }

    private void end() {
        try {
            // Whoever still sends is woken by this.
            stream.shutdown();
            watcher.ifPresent(Watcher::close);
        } finally {
            stream.close();
            in.close();
            over.accept(this);
        }
    }

    private int receive(FdBag bag) {
        int got = stream.receive(in, 0, BUFFER, bag);
        bag.closeAll();
        return got;
    }

    private void answer(String line) {
        HostReply reply;
        try {
            HostRequest request = HostRequest.parse(line);
            if (request instanceof HostRequest.Watch) {
                watch();
                return;
            }
            reply = device.host(request);
        } catch (IllegalArgumentException bad) {
            reply = failed(String.valueOf(bad.getMessage()));
        }
        send(reply.format());
    }

    /** What changes once the client has its answer, it must hear of. */
    private void watch() {
        boolean already = watcher.isPresent();
        if (!already) {
            watcher = Optional.of(new Watcher(device, this::send, this::stop, name));
        }
        send(new HostReply.Ok("").format());
        if (!already) {
            watcher.get().start();
        }
    }

    private static HostReply failed(String why) {
        return new HostReply.Failed(Errno.EINVAL, why);
    }

    private synchronized void send(String line) {
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        try (Memory out = Memory.allocate(bytes.length)) {
            out.put(0, bytes, 0, bytes.length);
            stream.send(out, 0, bytes.length);
        }
    }

    private void sayAndGiveUp(String why) {
        try {
            send(failed(why).format());
        } catch (LinuxException gone) {
            LOG.log(Level.DEBUG, "{0}: {1}", name, gone.getMessage());
        }
        LOG.log(
                Level.WARNING,
                "{0}: host-side connection closed: {1} (limit {2} bytes)",
                name,
                why,
                HostLine.MAX_BYTES);
    }
}
