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
 * client that says nothing is waited for only so long, and only so many at a time.
 */
final class Refusal {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Semaphore AT_A_TIME = new Semaphore(16);
    private static final int MAX_VERSION = 64 << 10;
    private static final System.Logger LOG = System.getLogger(Refusal.class.getName());

    private Refusal() {}

    /**
     * Refuses on a thread of its own.
     *
     * @param stream to the client; closed
     * @param errno the reason
     */
    static void send(UnixStream stream, Errno errno) {
        if (!AT_A_TIME.tryAcquire()) {
            stream.close();
            return;
        }
        Thread.ofPlatform()
                .daemon()
                .name("vfio-user refusal")
                .start(() -> {
                    try (stream) {
                        answer(stream, errno);
                    } catch (LinuxException | ProtocolException gone) {
                        LOG.log(Level.DEBUG, "refusing: {0}", gone.getMessage());
                    } finally {
                        AT_A_TIME.release();
                    }
                });
    }

    private static void answer(UnixStream stream, Errno errno) {
        try (FrameReader reader = new FrameReader(stream, MAX_VERSION);
                Memory frame = Memory.allocate(VfioUserHeader.SIZE)) {
            if (!stream.awaitReadable(PATIENCE) || !reader.next()) {
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
