/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.UnixListener;
import io.vfio4j.linux.UnixStream;

import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Listens at a path and hands connections on, from a thread of its own. Nothing but its close ends
 * it: out of descriptors, memory or threads, it tries again a little later.
 *
 * <p>Only the user that runs the server may connect (mode 0600), as only root may reach a real
 * device through vfio or sysfs.
 */
final class Acceptor implements AutoCloseable {
    private static final Duration A_LITTLE_LATER = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int SOCKET_MODE = 0600;
    private static final System.Logger LOG = System.getLogger(Acceptor.class.getName());

    private final Path socket;
    private final UnixListener listener;
    private final Consumer<UnixStream> admit;
    private final Thread thread;

    /**
     * Binds the socket; connections wait until {@link #start}.
     *
     * @param socket the path
     * @param admit gets each connection and owns it, unless it throws
     * @throws LinuxException as {@link UnixListener#bind}
     */
    Acceptor(Path socket, Consumer<UnixStream> admit) {
        this.socket = socket;
        this.admit = admit;
        listener = UnixListener.bind(socket, SOCKET_MODE);
        thread = Thread.ofPlatform().daemon().name("accept " + socket).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        while (true) {
            try {
                admit(listener.accept());
            } catch (LinuxException refused) {
                if (refused.errno().equals(Errno.ECANCELED)) {
                    return;
                }
                LOG.log(Level.WARNING, "{0}: {1}", socket, refused.getMessage());
                pause();
            } catch (RuntimeException | Error failed) {
                LOG.log(Level.ERROR, socket + ": a connection could not be served", failed);
                pause();
            }
        }
    }

    private void admit(UnixStream stream) {
        try {
            admit.accept(stream);
        } catch (RuntimeException | Error failed) {
            stream.close();
            throw failed;
        }
    }

    private static void pause() {
        try {
            Thread.sleep(A_LITTLE_LATER);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Removes the socket; no connection is handed on any more when this returns. */
    @Override
    public void close() {
        listener.close();
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        try {
            thread.join(PATIENCE);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
