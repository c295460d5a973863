/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An advisory lock on a path's directory, held while a listener looks at the path and takes it. It
 * leaves no file behind. Anyone who can read the directory could hold it for ever, so after a
 * second we go on without: it only orders those that start at the same moment.
 */
final class DirectoryLock implements AutoCloseable {
    private static final int LOCK_EX = 2;
    private static final int LOCK_NB = 4;
    private static final int ATTEMPTS = 100;
    private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(10);

    private final Optional<Fd> directory;

    private DirectoryLock(Optional<Fd> directory) {
        this.directory = directory;
    }

    /** Locks the directory of a path, if it can be opened: if not, bind will say why. */
    static DirectoryLock of(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        Fd directory;
        try {
            directory = Fd.open(parent == null ? Path.of("/") : parent, false);
        } catch (LinuxException unreadable) {
            return new DirectoryLock(Optional.empty());
        }
        for (int i = 0; i < ATTEMPTS; i++) {
            if (Libc.flock(directory.number(), LOCK_EX | LOCK_NB) >= 0) {
                break;
            }
            LockSupport.parkNanos(PAUSE);
        }
        return new DirectoryLock(Optional.of(directory));
    }

    @Override
    public void close() {
        directory.ifPresent(Fd::close);
    }
}
