/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.HostedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.power.PowerListener;
import io.vfio4j.uapi.HostLine;
import io.vfio4j.uapi.HostLineDecoder;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * One client of a control socket: a line in, a line out, until it goes. After {@code watch} it is
 * told of every change of the device's power.
 */
final class ControlSession {
    private static final int BUFFER = 4096;

    /** Events that a watcher may be behind before it is dropped: it must not hold the device up. */
    private static final int MAX_BEHIND = 4096;

    private static final System.Logger LOG = System.getLogger(ControlSession.class.getName());

    private final UnixStream stream;
    private final HostedDevice device;
    private final String name;
    private final Memory in = Memory.allocate(BUFFER);
    private final BlockingQueue<String> events = new ArrayBlockingQueue<>(MAX_BEHIND);
    private Optional<PowerListener> listener = Optional.empty();

    ControlSession(UnixStream stream, HostedDevice device, String name) {
        this.stream = stream;
        this.device = device;
        this.name = name;
    }

    void stop() {
        stream.shutdown();
    }

    /** Serves until the client is gone. Never throws. */
    void run() {
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
            listener.ifPresent(device.power()::removeListener);
            // Wakes a watcher's writer, which sees the stream closed.
            stream.shutdown();
            events.clear();
            events.add("");
            stream.close();
            in.close();
        }
    }

    private int receive(FdBag bag) {
        int got = stream.receive(in, 0, BUFFER, bag);
        bag.closeAll();
        return got;
    }

    private void answer(String line) {
        HostReply reply;
        boolean watch = false;
        try {
            HostRequest request = HostRequest.parse(line);
            watch = request instanceof HostRequest.Watch;
            reply = watch ? new HostReply.Ok("") : device.attributes().handle(request);
        } catch (IllegalArgumentException bad) {
            reply = failed(String.valueOf(bad.getMessage()));
        }
        boolean begins = watch && listener.isEmpty();
        if (begins) {
            // Before the reply: who has it may rely on hearing of all that happens from then on.
            listen();
        }
        send(reply.format());
        if (begins) {
            Thread.ofPlatform().daemon().name("watch " + name).start(this::tell);
        }
    }

    private static HostReply failed(String why) {
        return new HostReply.Failed(Errno.EINVAL, why);
    }

    private void listen() {
        PowerListener watcher =
                (before, after) -> {
                    for (String event : PowerEvents.between(before, after)) {
                        if (!events.offer(event)) {
                            LOG.log(Level.WARNING, "{0}: a watcher is too slow: dropped", name);
                            stop();
                            return;
                        }
                    }
                };
        listener = Optional.of(watcher);
        device.power().addListener(watcher);
    }

    private void tell() {
        try {
            while (true) {
                send(events.take());
            }
        } catch (LinuxException | IllegalStateException gone) {
            LOG.log(Level.DEBUG, "{0}: a watcher left", name);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
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
