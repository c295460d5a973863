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
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/** One device on its two sockets. A device has one client at a time; a second one is told EBUSY. */
public final class DeviceService implements AutoCloseable {
    /** How long a new client waits for one that has hung up to be cleaned up after. */
    private static final Duration HANDOVER = Duration.ofSeconds(10);

    private static final int SOCKET_MODE = 0600;

    private static final System.Logger LOG = System.getLogger(DeviceService.class.getName());

    private final Path socket;
    private final HostedDevice device;
    private final UnixListener listener;
    private final ControlService control;
    private final Thread acceptor;
    private final ReentrantLock lock = new ReentrantLock();
    private Optional<Running> running = Optional.empty();
    private boolean closed;

    /** A session and the thread that runs it. */
    private record Running(Session session, Thread thread) {}

    private DeviceService(Path socket, HostedDevice device) {
        this.socket = socket;
        this.device = device;
        listener = UnixListener.bind(socket, SOCKET_MODE);
        try {
            control = ControlService.start(Path.of(socket + ".ctl"), device);
        } catch (RuntimeException refused) {
            listener.close();
            throw refused;
        }
        acceptor = Thread.ofPlatform().daemon().name("accept " + socket).unstarted(this::accept);
    }

    static DeviceService start(Path socket, HostedDevice device) {
        DeviceService service = new DeviceService(socket, device);
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
    public HostedDevice device() {
        return device;
    }

    private void accept() {
        while (true) {
            UnixStream stream;
            try {
                stream = listener.accept();
            } catch (LinuxException refused) {
                if (refused.errno().equals(Errno.ECANCELED)) {
                    return;
                }
                // Out of descriptors, most likely: others may give some back.
                LOG.log(Level.WARNING, "{0}: {1}", socket, refused.getMessage());
                pause();
                continue;
            }
            admit(stream);
        }
    }

    static void pause() {
        try {
            Thread.sleep(Duration.ofMillis(100));
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void admit(UnixStream stream) {
        awaitHandover();
        lock.lock();
        try {
            if (closed) {
                stream.close();
            } else if (running.isPresent() && running.get().thread().isAlive()) {
                LOG.log(Level.WARNING, "{0}: a second client is refused: device busy", socket);
                Refusal.send(stream, Errno.EBUSY);
            } else {
                start(stream);
            }
        } finally {
            lock.unlock();
        }
    }

    private void start(UnixStream stream) {
        Thread thread =
                Thread.ofPlatform()
                        .daemon()
                        .name("vfio-user " + socket)
                        .unstarted(() -> running.orElseThrow().session().run());
        Session session = new Session(stream, device, socket.toString(), thread);
        running = Optional.of(new Running(session, thread));
        thread.start();
    }

    /** A client that connects right after another has gone must not be told that it is there. */
    private void awaitHandover() {
        Optional<Running> before = current();
        if (before.isPresent() && before.get().session().hungUp()) {
            join(before.get().thread());
        }
    }

    private Optional<Running> current() {
        lock.lock();
        try {
            return running;
        } finally {
            lock.unlock();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(HANDOVER);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the client's session, removes the sockets and closes the device. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            running.map(Running::session).ifPresent(Session::stop);
        } finally {
            lock.unlock();
        }
        listener.close();
        control.close();
        join(acceptor);
        current().map(Running::thread).ifPresent(DeviceService::join);
        device.close();
    }
}
