/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The sockets that a command listens on. */
final class ServerSockets {
    private ServerSockets() {}

    /** A socket has one server, and PATH.ctl is taken by PATH. */
    static void checkDistinct(List<Path> sockets) {
        Set<Path> taken = new HashSet<>();
        for (Path path : sockets) {
            Path socket = path.toAbsolutePath().normalize();
            for (Path each : List.of(socket, Path.of(socket + Arguments.CONTROL_SUFFIX))) {
                if (!taken.add(each)) {
                    throw new UsageException(
                            "%s would be the socket of two; PATH.ctl is the host side of PATH"
                                    .formatted(each));
                }
            }
        }
    }

    /**
     * What to say of a socket that cannot be listened on.
     *
     * @param what was being done
     */
    static CommandException refused(String what, Path socket, LinuxException refused) {
        return new CommandException(
                "%s: %s%s".formatted(what, refused.getMessage(), remedy(socket, refused.errno())),
                refused);
    }

    /** What the message does not say already. */
    private static String remedy(Path socket, Errno errno) {
        if (!errno.equals(Errno.ENOENT) && !errno.equals(Errno.ENOTDIR)) {
            return "";
        }
        Path folder = socket.toAbsolutePath().resolveSibling("");
        return Files.isDirectory(folder)
                ? "; no socket can be made in %s: take another folder".formatted(folder)
                : "; make the folder %s first".formatted(folder);
    }
}
