/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.util.Set;

/**
 * What an open descriptor is a descriptor of, at the moment of asking.
 *
 * @param kind what sort of file
 * @param device the file system that has it: the major number in the upper half, the minor one in
 *     the lower
 * @param inode which of that file system's files; with the device it tells two files apart as long
 *     as both exist
 * @param size bytes; 0 for what has none
 */
public record FileStatus(Kind kind, long device, long inode, long size) {
    /** What sorts there are. */
    public enum Kind {
        /** A regular file, memfds and those of tmpfs and hugetlbfs included. */
        FILE("a file"),
        /** A directory. */
        DIRECTORY("a directory"),
        /** A socket of any family. */
        SOCKET("a socket"),
        /** A pipe, named or not. */
        PIPE("a pipe"),
        /** A terminal, a device of vfio's and the like. */
        CHARACTER_DEVICE("a character device"),
        /** A disk or a part of it. */
        BLOCK_DEVICE("a block device"),
        /** An eventfd, an epoll, a device that a vfio group gave, a symbolic link. */
        OTHER("no file");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /**
         * Returns how to name one in a sentence.
         *
         * @return such as "a socket"
         */
        public String words() {
            return words;
        }

        private static Kind of(int mode) {
            return switch (mode & 0xf000) {
                case 0x8000 -> FILE;
                case 0x4000 -> DIRECTORY;
                case 0xc000 -> SOCKET;
                case 0x1000 -> PIPE;
                case 0x2000 -> CHARACTER_DEVICE;
                case 0x6000 -> BLOCK_DEVICE;
                default -> OTHER;
            };
        }
    }

    private static final boolean X86_64 =
            Set.of("amd64", "x86_64").contains(System.getProperty("os.arch", ""));

    /** By number: older C libraries have no function for it, nor one called fstat. */
    private static final int STATX = X86_64 ? 332 : 291;

    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;

    // struct statx: the same on all machines.
    private static final int STRUCT_SIZE = 256;
    private static final int STX_MODE = 28;
    private static final int STX_INO = 32;
    private static final int STX_SIZE = 40;
    private static final int STX_DEV_MAJOR = 136;
    private static final int STX_DEV_MINOR = 140;

    /** The empty path comes behind the structure. */
    private static final int PATH = STRUCT_SIZE;

    /**
     * Asks about a descriptor, by {@code statx}.
     *
     * @param fd of what
     * @return what it is now
     * @throws LinuxException with ENOMEM; ENOSYS where a sandbox has no such call
     * @throws IllegalStateException if the descriptor is closed
     */
    public static FileStatus of(Fd fd) {
        int number = fd.enter();
        try (Memory memory = Memory.allocate(PATH + 8L)) {
            long address = memory.address();
            long result =
                    Libc.syscall(
                            STATX,
                            number,
                            address + PATH,
                            AT_EMPTY_PATH,
                            STATX_BASIC_STATS,
                            address);
            Libc.check(result, "statx", fd.toString());
            return new FileStatus(
                    Kind.of(memory.getShort(STX_MODE)),
                    (long) memory.getInt(STX_DEV_MAJOR) << 32
                            | Integer.toUnsignedLong(memory.getInt(STX_DEV_MINOR)),
                    memory.getLong(STX_INO),
                    memory.getLong(STX_SIZE));
        } finally {
            fd.leave();
        }
    }

    /**
     * Tells whether another descriptor is of the same file; both are to be open. Eventfds, epolls
     * and the like are the same to it.
     *
     * @param other what was said of it
     * @return true if so
     */
    public boolean isSame(FileStatus other) {
        return device == other.device && inode == other.inode;
    }
}
