/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.HostedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.UnixListener;
import io.vfio4j.linux.UnixStream;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A device's control socket: the host side for other processes. Only the user that runs the server
 * may connect (mode 0600), as only root may write a real device's attributes.
 */
final class ControlService implements AutoCloseable {
    /** More than that at once is somebody's mistake; the next is turned away. */
    private static final int MAX_CLIENTS = 32;

    private static final int SOCKET_MODE = 0600;
    private static final System.Logger LOG = System.getLogger(ControlService.class.getName());

    private final Path socket;
    private final HostedDevice device;
    private final UnixListener listener;
    private final Thread acceptor;
    private final Set<ControlSession> sessions = ConcurrentHashMap.newKeySet();

    private ControlService(Path socket, HostedDevice device) {
        this.socket = socket;
        this.device = device;
        listener = UnixListener.bind(socket, SOCKET_MODE);
        acceptor = Thread.ofPlatform().daemon().name("accept " + socket).unstarted(this::accept);
    }

    static ControlService start(Path socket, HostedDevice device) {
        ControlService service = new ControlService(socket, device);
        service.acceptor.start();
        return service;
    }

    private void accept() {
        while (true) {
            try {
                admit(listener.accept());
            } catch (LinuxException refused) {
                if (refused.errno().equals(Errno.ECANCELED)) {
                    return;
                }
                LOG.log(Level.WARNING, "{0}: {1}", socket, refused.getMessage());
                DeviceService.pause();
            }
        }
    }

    private void admit(UnixStream stream) {
        if (sessions.size() >= MAX_CLIENTS) {
            LOG.log(Level.WARNING, "{0}: a host-side client is refused: too many", socket);
            stream.close();
            return;
        }
        ControlSession session = new ControlSession(stream, device, socket.toString());
        sessions.add(session);
        Thread.ofPlatform()
                .daemon()
                .name("control " + socket)
                .start(() -> {
                    try {
                        session.run();
                    } finally {
                        sessions.remove(session);
                    }
                });
    }

    /** Ends all sessions and removes the socket. */
    @Override
    public void close() {
        listener.close();
        try {
            acceptor.join(Duration.ofSeconds(10));
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        sessions.forEach(ControlSession::stop);
    }
}
