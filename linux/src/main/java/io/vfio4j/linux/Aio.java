/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.Optional;
import java.util.Set;

/**
 * Signals an eventfd as the kernel itself does: by the end of an asynchronous request that names it
 * ({@code IOCB_FLAG_RESFD}). Unlike {@code write} that never waits, however full the counter is and
 * whatever its other holders have done to the file's flags; a full counter stays full.
 *
 * <p>The request is a read of no bytes of the eventfd itself, which fails at once (a counter is
 * read 8 bytes at a time), so it is over when {@code io_submit} returns. Any thread; allocates
 * nothing after a thread's first call.
 */
final class Aio {
    /** Completions that the kernel keeps for us until {@link #reap}. */
    private static final int RING = 512;

    private static final int REAP_AT_ONCE = 64;
    private static final int EVENT_SIZE = 32;

    private static final boolean X86_64 =
            Set.of("amd64", "x86_64").contains(System.getProperty("os.arch", ""));
    private static final int IO_SETUP = X86_64 ? 206 : 0;
    private static final int IO_SUBMIT = X86_64 ? 209 : 2;
    private static final int IO_GETEVENTS = X86_64 ? 208 : 4;

    // struct iocb: u64 data, u32 key, u32 rw_flags, u16 opcode (0: PREAD), s16 priority,
    // u32 fildes, u64 buf, u64 nbytes, s64 offset, u64 reserved, u32 flags, u32 resfd.
    private static final int IOCB_FILDES = 20;
    private static final int IOCB_BUF = 24;
    private static final int IOCB_FLAGS = 56;
    private static final int IOCB_RESFD = 60;
    private static final int IOCB_SIZE = 64;
    private static final int IOCB_FLAG_RESFD = 1;

    private static final Optional<Aio> OF_PROCESS = open();

    private final long context;
    private final Memory events = Memory.allocate((long) REAP_AT_ONCE * EVENT_SIZE);

    private Aio(long context) {
        this.context = context;
    }

    private static Optional<Aio> open() {
        Scratch scratch = Scratch.ofThread();
        scratch.putLong(0, 0);
        if (Libc.syscall(IO_SETUP, RING, scratch.address(), 0, 0, 0) < 0) {
            // Not built in, forbidden, or the system's share is used up.
            return Optional.empty();
        }
        return Optional.of(new Aio(scratch.getLong(0)));
    }

    /**
     * Adds 1 to an eventfd.
     *
     * @param eventfd open for as long as the call takes
     * @return false if this kernel cannot do it this way; nothing has happened then
     */
    static boolean signal(int eventfd) {
        return OF_PROCESS.isPresent() && OF_PROCESS.get().submit(eventfd);
    }

    private boolean submit(int eventfd) {
        long result = once(eventfd);
        if (result == -Libc.EAGAIN) {
            reap();
            result = once(eventfd);
        }
        return result == 1;
    }

    private long once(int eventfd) {
        Scratch scratch = Scratch.ofThread();
        for (int word = 0; word < IOCB_SIZE; word += Long.BYTES) {
            scratch.putLong(word, 0);
        }
        scratch.putInt(IOCB_FILDES, eventfd);
        scratch.putLong(IOCB_BUF, scratch.address());
        scratch.putInt(IOCB_FLAGS, IOCB_FLAG_RESFD);
        scratch.putInt(IOCB_RESFD, eventfd);
        scratch.putLong(IOCB_SIZE, scratch.address());
        return Libc.syscall(IO_SUBMIT, context, 1, scratch.address() + IOCB_SIZE, 0, 0);
    }

    /** Throws away what the kernel tells of the requests that are over. */
    private synchronized void reap() {
        long address = events.enter();
        try {
            long got;
            do {
                got = Libc.syscall(IO_GETEVENTS, context, 0, REAP_AT_ONCE, address, 0);
            } while (got == REAP_AT_ONCE);
        } finally {
            events.leave();
        }
    }
}
