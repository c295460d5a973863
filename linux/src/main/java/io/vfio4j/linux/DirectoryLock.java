/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.nio.file.Path;
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

    private final Fd directory;

    private DirectoryLock(Fd directory) {
        this.directory = directory;
    }

    /**
     * Locks the directory of a path.
     *
     * @throws LinuxException with ENOENT if it does not exist, EACCES if it may not be read
     */
    static DirectoryLock of(Path path) {
        Path parent = path.toAbsolutePath().getParent();
        Fd directory = Fd.open(parent == null ? Path.of("/") : parent, false);
        for (int i = 0; i < ATTEMPTS; i++) {
            if (Libc.flock(directory.number(), LOCK_EX | LOCK_NB) >= 0) {
                break;
            }
            LockSupport.parkNanos(PAUSE);
        }
        return new DirectoryLock(directory);
    }

    @Override
    public void close() {
        directory.close();
    }
}
