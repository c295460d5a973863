/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VfioUserHeader;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/**
 * Answers the VERSION of a client that cannot be served with an errno, rather than with silence. A
 * client that does not say it is waited for only so long, and only so many at a time.
 */
final class Refusal {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int MAX_VERSION = 128 << 10;
    private static final System.Logger LOG = System.getLogger(Refusal.class.getName());

    private final Errno errno;
    private final String name;
    private final Semaphore atATime = new Semaphore(16);

    /**
     * The refusals of one device: what its clients do takes nothing away from another's.
     *
     * @param errno the reason
     * @param name for the log
     */
    Refusal(Errno errno, String name) {
        this.errno = errno;
        this.name = name;
    }

    /**
     * Refuses on a thread of its own.
     *
     * @param stream to the client; closed, unless this throws
     */
    void send(UnixStream stream) {
        if (!atATime.tryAcquire()) {
            LOG.log(Level.WARNING, "{0}: too many to refuse at once: closed", name);
            stream.close();
            return;
        }
        try {
            Thread.ofPlatform().daemon().name("refuse " + name).start(() -> run(stream));
        } catch (OutOfMemoryError noThreads) {
            atATime.release();
            throw noThreads;
        }
    }

    private void run(UnixStream stream) {
        try (stream) {
            answer(stream, errno);
        } catch (LinuxException | ProtocolException gone) {
            LOG.log(Level.DEBUG, "{0}: refusing: {1}", name, gone.getMessage());
        } finally {
            atATime.release();
        }
    }

    private static void answer(UnixStream stream, Errno errno) {
        try (FrameReader reader = new FrameReader(stream, MAX_VERSION);
                Memory frame = Memory.allocate(VfioUserHeader.SIZE)) {
            if (!reader.next(PATIENCE)) {
                return;
            }
            reader.takeFds().forEach(Fd::close);
            int id = VfioUserHeader.id(reader.frame(), 0);
            int command = VfioUserHeader.command(reader.frame(), 0);
            VfioUserHeader.writeError(frame, 0, id, command, errno.number());
            stream.send(frame, 0, VfioUserHeader.SIZE);
        }
    }
}
