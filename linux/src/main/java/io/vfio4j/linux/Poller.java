/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Waits for many descriptors at once, by epoll: each is reported as long as it is readable or hung
 * up (level-triggered), so that one who has not read everything is told again.
 *
 * <p>Ownership: owns its epoll and its wakeup descriptor; the descriptors added stay their owners',
 * who remove them here <em>before</em> closing them. Threads: one thread waits; any thread may add,
 * remove, wake up and close, also from within the callback. No lock is held over the callback.
 */
public final class Poller implements AutoCloseable {
    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLIN = 0x1;
    private static final int EPOLLRDHUP = 0x2000;

    /** How many are reported by one system call; the others come with the next. */
    private static final int BATCH = 64;

    /** {@code struct epoll_event} is packed on x86-64 and nowhere else. */
    private static final boolean PACKED =
            Set.of("amd64", "x86_64").contains(System.getProperty("os.arch", ""));

    private static final int DATA = PACKED ? 4 : 8;
    private static final int EVENT_SIZE = DATA + 8;

    private static final long WAKEUP = -1;

    private final Fd epoll;
    private final EventFd wakeup;
    private final Memory events = Memory.allocate((long) BATCH * EVENT_SIZE);

    /** Who is inside wait, add or remove: the last one out after close frees. */
    private final UseCount uses = new UseCount();

    /** Guards the collections below. */
    private final Object lock = new Object();

    private final IdentityHashMap<Fd, Integer> slots = new IdentityHashMap<>();
    private final List<@Nullable Entry> entries = new ArrayList<>();
    private int serial;

    /** The serial number tells an entry from an earlier one in the same slot. */
    private record Entry(int serial, Object attachment) {}

    private Poller(Fd epoll, EventFd wakeup) {
        this.epoll = epoll;
        this.wakeup = wakeup;
    }

    /**
     * Makes a poller that waits for nothing yet.
     *
     * @return its owner
     * @throws LinuxException with EMFILE or ENFILE if there are too many descriptors
     */
    public static Poller create() {
        Fd epoll = Fd.own(Libc.check(Libc.epollCreate(EPOLL_CLOEXEC), "epoll_create1", ""));
        try {
            EventFd wakeup = EventFd.create();
            Poller poller = new Poller(epoll, wakeup);
            Libc.check(poller.register(wakeup.fd(), WAKEUP), "epoll_ctl", "");
            return poller;
        } catch (RuntimeException refused) {
            epoll.close();
            throw refused;
        }
    }

    /**
     * Begins to report a descriptor.
     *
     * @param fd what to wait for; stays its owner's
     * @param attachment what {@link #wait} passes to its callback
     * @throws LinuxException with EPERM if this kind of file cannot be waited for, ENOSPC if the
     *     user has too many
     * @throws IllegalArgumentException if it was added before
     * @throws IllegalStateException if this or the descriptor is closed
     */
    public void add(Fd fd, Object attachment) {
        enter();
        try {
            synchronized (lock) {
                if (slots.containsKey(fd)) {
                    throw new IllegalArgumentException(fd + " was added before");
                }
                int slot = entries.indexOf(null);
                if (slot < 0) {
                    slot = entries.size();
                    entries.add(null);
                }
                serial++;
                long token = (long) serial << 32 | slot;
                Libc.check(register(fd, token), "epoll_ctl", "add " + fd);
                entries.set(slot, new Entry(serial, attachment));
                slots.put(fd, slot);
            }
        } finally {
            leave();
        }
    }

    /**
     * Ceases to report a descriptor. A callback for it that is running in another thread may still
     * be at work; none begins afterwards. Does nothing if it was not added, or if this is closed.
     *
     * @param fd the descriptor, not yet closed
     */
    public void remove(Fd fd) {
        if (!uses.enter()) {
            return;
        }
        try {
            synchronized (lock) {
                Integer slot = slots.remove(fd);
                if (slot == null) {
                    return;
                }
                entries.set(slot, null);
                if (fd.tryEnter()) {
                    try {
                        // ENOENT: closed before, against the rule, and the number used again.
                        int _ = Libc.epollCtl(epoll.number(), EPOLL_CTL_DEL, fd.entered(), 0);
                    } finally {
                        fd.leave();
                    }
                }
            }
        } finally {
            leave();
        }
    }

    /**
     * Waits until something is readable or hung up, and reports each such descriptor once. For one
     * thread.
     *
     * @param timeout how long to wait at most; zero or less asks without waiting
     * @param ready gets the attachment of each
     * @return how many were reported; 0 if the time ran out, or after {@link #wakeup} or {@link
     *     #close}
     * @throws IllegalStateException if this was closed before
     */
    public int wait(Duration timeout, Consumer<Object> ready) {
        enter();
        try {
            int count = await(timeout);
            int reported = 0;
            for (int i = 0; i < count; i++) {
                long token = events.getLong((long) i * EVENT_SIZE + DATA);
                if (token == WAKEUP) {
                    wakeup.drain();
                    continue;
                }
                // Asked one by one: an earlier callback may have removed it.
                Entry entry = entryOf(token);
                if (entry != null) {
                    reported++;
                    ready.accept(entry.attachment());
                }
            }
            return reported;
        } finally {
            leave();
        }
    }

    private int await(Duration timeout) {
        long deadline = System.nanoTime() + Poll.nanos(timeout);
        int number = epoll.enter();
        try {
            long address = events.enter();
            try {
                while (true) {
                    long left = Math.max(0, deadline - System.nanoTime());
                    int count = Libc.epollWait(number, address, BATCH, Poll.millis(left));
                    if (count > 0 || (count == 0 && left == 0)) {
                        return count;
                    }
                    if (count != -Libc.EINTR) {
                        Libc.check(count, "epoll_wait", "");
                    }
                }
            } finally {
                events.leave();
            }
        } finally {
            epoll.leave();
        }
    }

    private @Nullable Entry entryOf(long token) {
        synchronized (lock) {
            Entry entry = entries.get((int) token);
            return entry != null && entry.serial() == (int) (token >>> 32) ? entry : null;
        }
    }

    /** Makes the wait at hand, or else the next, return. Does nothing if this is closed. */
    public void wakeup() {
        if (uses.enter()) {
            try {
                wakeup.signal();
            } finally {
                leave();
            }
        }
    }

    /** Closes; a wait at hand returns. What was added stays open. Closing again does nothing. */
    @Override
    public void close() {
        if (uses.enter()) {
            try {
                // Inside ourselves, so the last to leave frees: never under one that still waits.
                uses.close();
                wakeup.signal();
            } finally {
                leave();
            }
        }
    }

    /** How many are inside at this moment: for tests. */
    int users() {
        return uses.users();
    }

    private void enter() {
        if (!uses.enter()) {
            throw new IllegalStateException("this poller is closed");
        }
    }

    private void leave() {
        if (uses.leave()) {
            epoll.close();
            wakeup.close();
            events.close();
        }
    }

    private int register(Fd fd, long token) {
        int number = fd.enter();
        try {
            Scratch scratch = Scratch.ofThread();
            scratch.putInt(0, EPOLLIN | EPOLLRDHUP);
            // Two halves, since the packed structure's second field is not aligned.
            scratch.putInt(DATA, (int) token);
            scratch.putInt(DATA + 4, (int) (token >>> 32));
            return Libc.epollCtl(epoll.number(), EPOLL_CTL_ADD, number, scratch.address());
        } finally {
            fd.leave();
        }
    }
}
