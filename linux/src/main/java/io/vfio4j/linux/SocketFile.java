/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * The file of a socket, known by its inode and not only by its name: so that what is removed is
 * what was meant.
 */
final class SocketFile {
    private static final int S_IFMT = 0xf000;
    private static final int S_IFSOCK = 0xc000;

    private final Path path;
    private final Map<String, Object> identity;

    private SocketFile(Path path, Map<String, Object> identity) {
        this.path = path;
        this.identity = identity;
    }

    /** The file that is at a path now, of whatever kind. */
    static SocketFile at(Path path) throws IOException {
        return new SocketFile(path, identityOf(path));
    }

    /**
     * Removes the socket file at a path if nobody listens there.
     *
     * @throws LinuxException with EADDRINUSE if someone does, or if that cannot be told, or if the
     *     file is not a socket
     */
    static void removeStale(Path path, MemorySegment address) {
        try {
            SocketFile file = at(path);
            if (!file.isSocket()) {
                throw new LinuxException(
                        Errno.EADDRINUSE,
                        "bind",
                        path
                                + ": a file that is not a socket is there; move it or choose another path");
            }
            if (UnixAddress.probe(address) != -Errno.ECONNREFUSED.number()) {
                throw new LinuxException(
                        Errno.EADDRINUSE,
                        "bind",
                        path + ": another process listens there; stop it or choose another path");
            }
            file.delete();
        } catch (NoSuchFileException gone) {
            // Its owner has removed it in the meantime.
        } catch (IOException failed) {
            throw new LinuxException(Errno.EADDRINUSE, "bind", path + ": " + failed.getMessage());
        }
    }

    /** Gives the file exactly these permissions, if a umask has taken some of them. */
    void setMode(int mode) throws IOException {
        if (((int) Objects.requireNonNull(identity.get("mode")) & 0777) != mode) {
            Files.setAttribute(path, "unix:mode", mode);
        }
    }

    /** Removes the file if it is still at its path, and leaves any other file alone. */
    void delete() {
        try {
            if (isSame(identityOf(path))) {
                Files.delete(path);
            }
        } catch (IOException gone) {
            // It is not there, or cannot be removed: the next to bind here finds it stale.
        }
    }

    private boolean isSocket() {
        return ((int) Objects.requireNonNull(identity.get("mode")) & S_IFMT) == S_IFSOCK;
    }

    private boolean isSame(Map<String, Object> other) {
        return Objects.equals(identity.get("dev"), other.get("dev"))
                && Objects.equals(identity.get("ino"), other.get("ino"));
    }

    private static Map<String, Object> identityOf(Path path) throws IOException {
        return Files.readAttributes(path, "unix:dev,ino,mode", LinkOption.NOFOLLOW_LINKS);
    }
}
