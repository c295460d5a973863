/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.UnixStream;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A device's control socket: the host side for other processes. */
final class ControlService implements AutoCloseable {
    /** More than that at once is somebody's mistake; the next is turned away. */
    static final int MAX_CLIENTS = 32;

    /** How long a request of the host side may take when the service ends. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger(ControlService.class.getName());

    private final Path socket;
    private final ServedDevice device;
    private final Acceptor acceptor;
    private final Set<ControlSession> sessions = ConcurrentHashMap.newKeySet();
    private volatile boolean stopped;

    ControlService(Path socket, ServedDevice device) {
        this.socket = socket;
        this.device = device;
        acceptor = new Acceptor(socket, this::admit);
    }

    void start() {
        acceptor.start();
    }

    private void admit(UnixStream stream) {
        if (connected() >= MAX_CLIENTS) {
            LOG.log(Level.WARNING, "{0}: a host-side client is refused: too many", socket);
            stream.close();
            return;
        }
        ControlSession session =
                new ControlSession(stream, device, socket.toString(), sessions::remove);
        sessions.add(session);
        session.start();
        if (stopped) {
            session.stop();
        }
    }

    /** Whoever has gone does not count, though its thread may still have to notice. */
    private long connected() {
        return sessions.size() < MAX_CLIENTS
                ? sessions.size()
                : sessions.stream().filter(session -> !session.hungUp()).count();
    }

    /** Closes all connections, waiting for none. */
    void stop() {
        stopped = true;
        sessions.forEach(ControlSession::stop);
    }

    /** Removes the socket and ends all sessions. */
    @Override
    public void close() {
        acceptor.close();
        stop();
        sessions.forEach(session -> session.join(PATIENCE));
    }
}
