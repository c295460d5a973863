/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * References to a memory file's pages, held by pipes: the pages outlive their file's truncation.
 * Reading consumes them. For one thread.
 */
final class PinnedPages implements AutoCloseable {
    private static final int F_SETPIPE_SZ = 1031;
    private static final int O_CLOEXEC = 0x80000;
    private static final int SPLICE_F_NONBLOCK = 2;

    /** What an unprivileged process may ask for by default. */
    private static final int PIPE_SIZE = 1 << 20;

    private record Pipe(Fd read, Fd write, long length) {}

    private final List<Pipe> pipes = new ArrayList<>();

    private PinnedPages() {}

    /** Refers to nothing. */
    static PinnedPages none() {
        return new PinnedPages();
    }

    /** Whether it is {@link #none}. */
    boolean isEmpty() {
        return pipes.isEmpty();
    }

    /**
     * Refers to a range of a file; to fewer pages if the file ends before.
     *
     * @throws LinuxException with EMFILE or ENFILE if there are too many descriptors
     */
    static PinnedPages of(Fd file, long offset, long length) {
        PinnedPages pages = new PinnedPages();
        try {
            long done = 0;
            while (done < length) {
                long count = pages.fillPipe(file, offset + done, length - done);
                if (count == 0) {
                    break;
                }
                done += count;
            }
            return pages;
        } catch (RuntimeException failed) {
            pages.close();
            throw failed;
        }
    }

    /**
     * Copies the pages' contents as they are now to where they were in the file, and zeros to where
     * there were none.
     */
    void read(Memory destination, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, destination.size());
        long at = offset;
        long address = destination.enter();
        try {
            for (Pipe pipe : pipes) {
                long end = at + pipe.length();
                while (at < end) {
                    long count = Libc.read(pipe.read().number(), address + at, end - at);
                    if (count != -Libc.EINTR) {
                        at += Libc.check(count, "read", "of a pipe");
                    }
                }
            }
        } finally {
            destination.leave();
        }
        destination.fill(at, offset + length - at, (byte) 0);
    }

    @Override
    public void close() {
        for (Pipe pipe : pipes) {
            pipe.read().close();
            pipe.write().close();
        }
        pipes.clear();
    }

    private long fillPipe(Fd file, long offset, long length) {
        Scratch scratch = Scratch.ofThread();
        Libc.check(Libc.pipe2(scratch.address(), O_CLOEXEC), "pipe2", "");
        Fd read = Fd.own(scratch.getInt(0));
        Fd write = Fd.own(scratch.getInt(4));
        long done = 0;
        int number = file.enter();
        try {
            // Refused to a user with many pipes: then more, smaller ones.
            int _ = Libc.fcntl(write.number(), F_SETPIPE_SZ, PIPE_SIZE);
            while (done < length) {
                scratch.putLong(8, offset + done);
                long count =
                        Libc.splice(
                                number,
                                scratch.address() + 8,
                                write.number(),
                                length - done,
                                SPLICE_F_NONBLOCK);
                if (count == 0 || count == -Libc.EAGAIN) {
                    break;
                }
                if (count != -Libc.EINTR) {
                    done += Libc.check(count, "splice", "");
                }
            }
        } finally {
            file.leave();
            pipes.add(new Pipe(read, write, done));
        }
        return done;
    }
}
