/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

/**
 * A memory file whose pages can be taken away from every process that maps them, and given back,
 * without losing a store. Between {@link #revoke} and {@link #restore} every access through any
 * mapping, in any process, faults (SIGBUS; in this library {@link MappingFaultException}), as the
 * BAR of a device in low power does; afterwards the same mappings work again.
 *
 * <p>Lossless: a store that did not fault before the revocation is in the revoked contents, and
 * after the restoration nobody sees anything older, no zeros, no page that is half there. Two
 * properties of Linux's shmem carry this, both in every kernel since 5.14:
 *
 * <ul>
 *   <li>{@code splice} from the file into a pipe puts a reference to the page itself into the pipe,
 *       not a copy. {@code ftruncate} then unmaps the page everywhere before it returns, after
 *       which nobody can store to it; and reading the pipe yields its last contents, with all that
 *       was stored between the two. (A hole has no page to refer to, so all pages are made present
 *       first; and pieces end at multiples of 2 MiB, since cutting through a huge page clears the
 *       cut part before it is read.)
 *   <li>{@code write} past the end of the file lets the size grow only after a page's bytes are in
 *       it, and a page beyond the size faults. (A write stops early only at a page of its source; a
 *       {@link Memory} of this size begins at a page, so never inside a page of the file.)
 * </ul>
 *
 * <p>The first property is tested once per process, see {@link #isLossless}. Where it does not
 * hold, and where there is no descriptor or memory left for the pipes, the contents are copied
 * before the file is cut, which needs neither: a store in the instant of the copy may then be lost,
 * but the revocation takes place.
 *
 * <p>The revocation is no snapshot: pieces of 2 MiB go one after the other, the last first.
 *
 * <p>Ownership: owns its descriptor. Threads: any thread; the methods exclude each other. Another
 * process that holds a descriptor may change the size itself, and damages what it sees and its own
 * stores; it cannot keep the revocation from happening, since the file cannot be sealed.
 */
public final class RevocableMemFd implements AutoCloseable {
    private static final long PAGE = 4096;

    /** A huge page's size, with pages of 4096 bytes. */
    private static final long PIECE = 2 << 20;

    private static final int PROT_READ = 1;
    private static final int MAP_SHARED = 1;
    private static final int MADV_POPULATE_READ = 22;

    private final MemFd file;
    private final long size;
    private boolean revoked;

    private RevocableMemFd(MemFd file, long size) {
        this.file = file;
        this.size = size;
    }

    /**
     * Makes a file of zeros, not revoked.
     *
     * @param name what {@code /proc} shows for it, at most 249 bytes
     * @param size its size in bytes, a multiple of 4096
     * @return its owner
     * @throws LinuxException as {@link MemFd#create}
     * @throws IllegalArgumentException if the size is not a positive multiple of 4096
     */
    public static RevocableMemFd create(String name, long size) {
        if (size <= 0 || size % PAGE != 0) {
            throw new IllegalArgumentException("not a positive multiple of 4096: " + size);
        }
        return new RevocableMemFd(MemFd.createUnsealable(name, size), size);
    }

    /**
     * Tells whether this kernel's splice passes pages by reference, so that no store is lost.
     *
     * @return the result of a test made once
     */
    public static boolean isLossless() {
        return Splice.PASSES_REFERENCES;
    }

    /**
     * Returns the descriptor, which stays this object's: to map it, to send it.
     *
     * @return the descriptor, not to be closed by the caller
     */
    public Fd fd() {
        return file.fd();
    }

    /**
     * Returns the size of the contents, revoked or not.
     *
     * @return bytes
     */
    public long size() {
        return size;
    }

    /**
     * Tells whether the contents are taken away at the moment.
     *
     * @return true between {@link #revoke} and {@link #restore}
     */
    public synchronized boolean isRevoked() {
        return revoked;
    }

    /**
     * Takes the contents away from everyone.
     *
     * @return the contents as the last store left them, in a block that is the caller's to close
     * @throws IllegalStateException if they are taken away already, or this is closed
     * @throws LinuxException as {@link #revoke(Memory)}
     */
    public Memory revoke() {
        Memory contents = Memory.allocate(size);
        try {
            revoke(contents);
            return contents;
        } catch (RuntimeException refused) {
            contents.close();
            throw refused;
        }
    }

    /**
     * Takes the contents away from everyone, into a block that the caller has.
     *
     * @param contents gets the contents as the last store left them; exactly {@link #size} bytes
     * @throws IllegalArgumentException if the block has another size
     * @throws IllegalStateException if they are taken away already, or this is closed
     * @throws LinuxException if the file can be neither read nor cut, which is not for want of
     *     descriptors; the contents are then back in place
     */
    public void revoke(Memory contents) {
        revoke(contents, isLossless());
    }

    /** As on a kernel whose splice does, or does not, pass references. */
    synchronized void revoke(Memory contents, boolean lossless) {
        requireSize(contents);
        if (revoked) {
            throw new IllegalStateException("the contents are revoked already");
        }
        take(size, contents, lossless && makePresent());
        revoked = true;
    }

    /**
     * Takes the contents away from everyone without keeping them. Does nothing if they are away.
     *
     * @throws LinuxException as {@link MemFd#truncate}
     */
    public synchronized void discard() {
        if (!revoked) {
            file.truncate(0);
            revoked = true;
        }
    }

    /**
     * Gives the contents back to everyone, page by page from the first: each page appears with
     * these contents or not yet.
     *
     * @param contents what everyone sees from now on; exactly {@link #size} bytes
     * @throws IllegalArgumentException if the block has another size
     * @throws IllegalStateException if nothing is taken away, or this is closed
     * @throws LinuxException with ENOSPC or ENOMEM if there is no memory; everything is then taken
     *     away again, and what was stored meanwhile is in the block
     */
    public synchronized void restore(Memory contents) {
        requireSize(contents);
        if (!revoked) {
            throw new IllegalStateException("the contents are not revoked");
        }
        // Nothing of what another holder of the descriptor may have put there.
        file.truncate(0);
        try {
            file.write(0, contents, 0, size);
        } catch (RuntimeException failed) {
            take(Math.min(size, file.size()), contents, isLossless());
            throw failed;
        }
        revoked = false;
    }

    /** Closes the descriptor. Processes that map the file keep it as it is. */
    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return "revocable " + file;
    }

    /** Cuts the file down to nothing from its end, piece by piece. */
    private void take(long end, Memory contents, boolean lossless) {
        long left = end;
        try {
            while (left > 0) {
                long start = (left - 1) / PIECE * PIECE;
                takePiece(start, left - start, contents, lossless);
                left = start;
            }
        } catch (RuntimeException failed) {
            file.write(left, contents, left, end - left);
            throw failed;
        }
    }

    private void takePiece(long start, long length, Memory contents, boolean lossless) {
        try (PinnedPages pages = lossless ? pinned(start, length) : PinnedPages.none()) {
            if (pages.isEmpty()) {
                copy(start, length, contents);
            }
            file.truncate(start);
            if (!pages.isEmpty()) {
                pages.read(contents, start, length);
            }
        }
    }

    /** Nothing, if there is no descriptor or memory for the pipes. */
    private PinnedPages pinned(long start, long length) {
        try {
            return PinnedPages.of(file.fd(), start, length);
        } catch (LinuxException starved) {
            return PinnedPages.none();
        }
    }

    /** What is there; another holder may be cutting the file at this moment. */
    private void copy(long start, long length, Memory contents) {
        long done = 0;
        while (done < length) {
            long count = file.fd().read(start + done, contents, start + done, length - done);
            if (count == 0) {
                break;
            }
            done += count;
        }
        contents.fill(start + done, length - done, (byte) 0);
    }

    /**
     * Gives every hole a page, so that there is something to refer to.
     *
     * @return whether it could
     */
    private boolean makePresent() {
        Fd fd = file.fd();
        int number = fd.enter();
        try {
            long address = Libc.mmap(0, size, PROT_READ, MAP_SHARED, number, 0);
            if (address < 0) {
                return false;
            }
            try {
                int result;
                do {
                    result = Libc.madvise(address, size, MADV_POPULATE_READ);
                } while (result == -Libc.EINTR);
                // EFAULT: another holder has cut the file; what is gone is gone.
                return result >= 0 || result == -Errno.EFAULT.number();
            } finally {
                Libc.check(Libc.munmap(address, size), "munmap", "");
            }
        } finally {
            fd.leave();
        }
    }

    private void requireSize(Memory contents) {
        if (contents.size() != size) {
            throw new IllegalArgumentException(
                    "a block of " + contents.size() + " bytes for contents of " + size);
        }
    }

    /** Tested at the first use. */
    private static final class Splice {
        static final boolean PASSES_REFERENCES = test();

        private static boolean test() {
            try (MemFd file = MemFd.createUnsealable("vfio4j-splice", PAGE);
                    Mapping mapping = Mapping.map(file.fd(), 0, PAGE, true);
                    Memory read = Memory.allocate(PAGE)) {
                mapping.putLong(0, 1);
                try (PinnedPages pages = PinnedPages.of(file.fd(), 0, PAGE)) {
                    mapping.putLong(0, 2);
                    file.truncate(0);
                    pages.read(read, 0, PAGE);
                }
                return read.getLong(0) == 2;
            } catch (LinuxException refused) {
                // A sandbox without splice, or no descriptor to spare: then the sure way.
                return false;
            }
        }
    }
}
