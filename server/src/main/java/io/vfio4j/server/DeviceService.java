/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedDevice;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.UnixStream;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** One device on its two sockets. A device has one client at a time; a second one is told EBUSY. */
public final class DeviceService implements AutoCloseable {
    /** How long a session may take to clean up after its client: the model has its say in it. */
    private static final Duration HANDOVER = Duration.ofSeconds(10);

    private static final System.Logger LOG = System.getLogger(DeviceService.class.getName());

    private final Path socket;
    private final ServedDevice device;
    private final Acceptor acceptor;
    private final ControlService control;
    private final Refusal busy;
    private final ReentrantLock lock = new ReentrantLock();
    private Optional<Session> session = Optional.empty();
    private boolean closed;

    private DeviceService(Path socket, ServedDevice device) {
        this.socket = socket;
        this.device = device;
        busy = new Refusal(Errno.EBUSY, socket.toString());
        acceptor = new Acceptor(socket, this::admit);
        try {
            control = new ControlService(Path.of(socket + ".ctl"), device);
        } catch (RuntimeException refused) {
            acceptor.close();
            throw refused;
        }
    }

    static DeviceService start(Path socket, ServedDevice device) {
        DeviceService service = new DeviceService(socket, device);
        service.control.start();
        service.acceptor.start();
        return service;
    }

    /**
     * Where clients connect.
     *
     * @return the socket's path
     */
    public Path socket() {
        return socket;
    }

    /**
     * What they get.
     *
     * @return the device
     */
    public ServedDevice device() {
        return device;
    }

    private void admit(UnixStream stream) {
        // A client that connects right after another has gone must not be told that it is there.
        current().filter(Session::hungUp).ifPresent(before -> before.join(HANDOVER));
        lock.lock();
        try {
            if (closed) {
                stream.close();
            } else if (session.filter(Session::isAlive).isPresent()) {
                LOG.log(Level.WARNING, "{0}: a second client is refused: device busy", socket);
                busy.send(stream);
            } else {
                Session next = new Session(stream, device, socket.toString());
                session = Optional.of(next);
                next.start();
            }
        } finally {
            lock.unlock();
        }
    }

    private Optional<Session> current() {
        lock.lock();
        try {
            return session;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets the client and the host side see their connections closed, and waits for none of them:
     * the first half of {@link #close}.
     */
    void stop() {
        lock.lock();
        try {
            closed = true;
            session.ifPresent(Session::stop);
        } finally {
            lock.unlock();
        }
        control.stop();
    }

    /**
     * Ends the client's session, removes the sockets and closes the device. Waits for the model to
     * finish what it is in the middle of, but for no client. Closing again does nothing.
     */
    @Override
    public void close() {
        stop();
        acceptor.close();
        control.close();
        current().ifPresent(last -> last.join(HANDOVER));
        device.close();
    }
}
