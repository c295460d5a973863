/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.VfioUser;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserVersion;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** How a vfio-user connection begins: connect, and agree on version and capabilities. */
final class Handshake {
    private static final VersionCapabilities PROPOSAL =
            new VersionCapabilities(
                    16,
                    Frames.MAX_TRANSFER,
                    65535,
                    4096,
                    Optional.empty(),
                    Optional.empty(),
                    true,
                    new VersionCapabilities.LowPower(true, true));

    private static final int MOST_ANSWER = 4 + VersionCapabilities.MAX_JSON_BYTES + 1;

    private Handshake() {}

    static UnixStream connect(Path socket, Duration timeout) {
        try {
            return UnixStream.connect(socket, timeout);
        } catch (LinuxException failed) {
            Errno errno = failed.errno();
            if (errno.equals(Errno.ENOENT) || errno.equals(Errno.ECONNREFUSED)) {
                throw new DeviceNotFoundException(
                        errno,
                        ("no vfio-user server listens on %s: start one, for example"
                                        + " vfio4j serve edu --socket %s")
                                .formatted(socket, socket),
                        failed);
            }
            if (errno.equals(Errno.ETIMEDOUT)) {
                throw new DeviceTimeoutException(
                        ("the server at %s has not accepted the connection within %s: it hangs, or"
                                        + " serves other clients first")
                                .formatted(socket, Answers.readable(timeout)));
            }
            String advice =
                    errno.equals(Errno.EACCES) ? ": run as the user who may write that socket" : "";
            throw new VfioException(
                    errno,
                    "no connection to vfio-user server: " + failed.getMessage() + advice,
                    failed);
        }
    }

    /** Proposes, and returns what the server supports. */
    static VersionCapabilities negotiate(VfioUserConnection connection, Path socket) {
        connection.begin();
        try {
            var proposal =
                    new VfioUserVersion(
                            VfioUser.VERSION_MAJOR, VfioUser.VERSION_MINOR, Optional.of(PROPOSAL));
            int sent = proposal.write(connection.out, Frames.PAYLOAD);
            int length = connection.call(VfioUserCommand.VERSION, sent, MOST_ANSWER);
            if (length < 0) {
                throw refused(Errno.of(-length), socket);
            }
            return accept(connection, length);
        } finally {
            connection.end();
        }
    }

    private static VfioException refused(Errno errno, Path socket) {
        if (errno.equals(Errno.EBUSY)) {
            return new DeviceBusyException(
                    ("another client has the device at %s: wait until it closes it, or give that"
                                    + " device's socket to one program only")
                            .formatted(socket));
        }
        return new VfioException(
                errno,
                "the server at %s refuses vfio-user %d.%d: %s (%s)"
                        .formatted(
                                socket,
                                VfioUser.VERSION_MAJOR,
                                VfioUser.VERSION_MINOR,
                                errno.name(),
                                errno.description()));
    }

    private static VersionCapabilities accept(VfioUserConnection connection, int length) {
        VfioUserVersion answer;
        try {
            answer = VfioUserVersion.read(connection.in, Frames.PAYLOAD, length);
        } catch (IllegalArgumentException malformed) {
            throw connection.violation(String.valueOf(malformed.getMessage()));
        }
        if (answer.major() != VfioUser.VERSION_MAJOR || answer.minor() > VfioUser.VERSION_MINOR) {
            throw connection.violation(
                    "it answers version %d.%d to a proposal of %d.%d"
                            .formatted(
                                    answer.major(),
                                    answer.minor(),
                                    VfioUser.VERSION_MAJOR,
                                    VfioUser.VERSION_MINOR));
        }
        VersionCapabilities server = answer.capabilities().orElse(VersionCapabilities.DEFAULTS);
        if (server.maxDataXferSize() < Long.BYTES) {
            throw connection.violation(
                    "it takes %d bytes in a message, too few for a register"
                            .formatted(server.maxDataXferSize()));
        }
        if (server.twinSocket().filter(VersionCapabilities.TwinSocket::supported).isPresent()) {
            throw connection.violation("it sets up a second socket that nobody asked for");
        }
        return server;
    }
}
