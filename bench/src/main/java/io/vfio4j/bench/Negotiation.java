/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.uapi.VersionCapabilities;
import io.vfio4j.uapi.VfioUser;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;
import io.vfio4j.uapi.VfioUserVersion;

import java.util.Optional;

/** VERSION, the first message of every connection. */
final class Negotiation {
    private static final int MAX_FDS = 8;

    private Negotiation() {}

    /**
     * Negotiates on a new connection.
     *
     * @param connection to a server
     * @return the most data that one message may carry, bytes
     * @throws RowFailure if the server refuses
     */
    static long of(Connection connection) {
        VersionCapabilities ours =
                new VersionCapabilities(
                        MAX_FDS,
                        Connection.MAX_DATA,
                        VersionCapabilities.DEFAULTS.maxDmaMaps(),
                        VersionCapabilities.DEFAULTS.pgsizes(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        VersionCapabilities.LowPower.NONE);
        int size =
                VfioUserHeader.SIZE
                        + new VfioUserVersion(
                                        VfioUser.VERSION_MAJOR,
                                        VfioUser.VERSION_MINOR,
                                        Optional.of(ours))
                                .write(connection.out(), VfioUserHeader.SIZE);
        VfioUserHeader.writeCommand(
                connection.out(), 0, 0, VfioUserCommand.VERSION.number(), size, false);
        connection.send(0, size);
        int reply = receive(connection);
        connection.checkReply(reply, 0, connection.size());
        return answer(connection, reply).maxDataXferSize();
    }

    private static int receive(Connection connection) {
        try {
            return connection.receive();
        } catch (RowFailure silent) {
            throw new RowFailure(
                    silent.reason() + " to VERSION; perhaps the server has another client", silent);
        }
    }

    private static VersionCapabilities answer(Connection connection, int reply) {
        try {
            int payload = connection.size() - VfioUserHeader.SIZE;
            return VfioUserVersion.read(connection.in(), reply + VfioUserHeader.SIZE, payload)
                    .capabilities()
                    .orElse(VersionCapabilities.DEFAULTS);
        } catch (IllegalArgumentException bad) {
            throw new RowFailure(
                    "the server's VERSION is not understood: " + bad.getMessage(), bad);
        }
    }
}
