/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.uapi.HostAttribute;
import io.vfio4j.uapi.HostEvent;
import io.vfio4j.uapi.HostReply;
import io.vfio4j.uapi.HostRequest;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The host side of an emulated device, by its control socket. One connection asks and answers; each
 * watch has one of its own.
 */
public final class ControlSocketHostSide implements HostSide {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final Path socket;
    private final Duration timeout;
    private final HostConnection connection;

    private ControlSocketHostSide(Path socket, Duration timeout, HostConnection connection) {
        this.socket = socket;
        this.timeout = timeout;
        this.connection = connection;
    }

    /**
     * Connects; each answer may take ten seconds.
     *
     * @param socket the control socket's path
     * @return the host side, to be closed by the caller
     * @throws DeviceNotFoundException if nobody listens there
     * @throws VfioException with EACCES if this user may not
     */
    public static ControlSocketHostSide connect(Path socket) {
        return connect(socket, TIMEOUT);
    }

    /**
     * Connects.
     *
     * @param socket the control socket's path
     * @param timeout how long an answer may take
     * @return the host side, to be closed by the caller
     * @throws VfioException as {@link #connect(Path)}
     */
    public static ControlSocketHostSide connect(Path socket, Duration timeout) {
        return new ControlSocketHostSide(socket, timeout, open(socket, timeout));
    }

    private static HostConnection open(Path socket, Duration timeout) {
        try {
            return HostConnection.connect(socket, timeout);
        } catch (LinuxException failed) {
            Errno errno = failed.errno();
            if (errno.equals(Errno.ENOENT) || errno.equals(Errno.ECONNREFUSED)) {
                throw new DeviceNotFoundException(
                        errno,
                        ("no device has its control socket at %s: it is the device's socket path with"
                                        + " .ctl, as long as its server runs")
                                .formatted(socket),
                        failed);
            }
            if (errno.equals(Errno.ETIMEDOUT)) {
                throw new DeviceTimeoutException(
                        "the control socket %s has not accepted the connection within %s"
                                .formatted(socket, Answers.readable(timeout)));
            }
            throw new VfioException(
                    errno, "no connection to control socket: " + failed.getMessage(), failed);
        }
    }

    @Override
    public String read(HostAttribute attribute) {
        return ask(new HostRequest.Read(attribute), "reading " + attribute).value();
    }

    @Override
    public void write(HostAttribute attribute, String value) {
        HostReply.Ok _ =
                ask(
                        new HostRequest.Write(attribute, value),
                        "writing \"%s\" to %s".formatted(value, attribute));
    }

    @Override
    public byte[] readConfig(int offset, int length) {
        HostReply.Ok reply =
                ask(
                        new HostRequest.ReadConfig(offset, length),
                        "reading %d bytes of config at 0x%x".formatted(length, offset));
        byte[] bytes;
        try {
            bytes = reply.bytes();
        } catch (IllegalArgumentException malformed) {
            throw connection.violation(String.valueOf(malformed.getMessage()));
        }
        if (bytes.length > length) {
            throw connection.violation(
                    "it gives %d bytes of config for %d".formatted(bytes.length, length));
        }
        return bytes;
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        HostReply.Ok _ =
                ask(
                        HostRequest.WriteConfig.of(offset, bytes),
                        "writing %d bytes of config at 0x%x".formatted(bytes.length, offset));
    }

    private HostReply.Ok ask(HostRequest request, String what) {
        return accept(connection.ask(request), what);
    }

    private HostReply.Ok accept(HostReply reply, String what) {
        return switch (reply) {
            case HostReply.Ok ok -> ok;
            case HostReply.Failed(var errno, var message) ->
                    throw new VfioException(
                            errno,
                            "%s of the device at %s: %s (%s)"
                                    .formatted(
                                            what,
                                            socket,
                                            errno.name(),
                                            message.isEmpty() ? errno.description() : message));
        };
    }

    @Override
    public HostWatch watch(Consumer<HostEvent> listener) {
        connection.requireOpen();
        HostConnection own = open(socket, timeout);
        try {
            HostReply.Ok _ = accept(own.ask(new HostRequest.Watch()), "watching");
            own.waitForEver();
            return ControlSocketWatch.start(own, listener);
        } catch (RuntimeException refused) {
            own.close();
            throw refused;
        }
    }

    @Override
    public void close() {
        connection.close();
    }

    @Override
    public String toString() {
        return "host side " + socket;
    }
}
