/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The 16 bytes before every vfio-user message, read and written in place: nothing is allocated. The
 * byte order is the host's.
 */
public final class VfioUserHeader {
    /** The fields, for tests and tools; the accessors use the constants below. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_header")
                    .u16("msg_id")
                    .u16("cmd")
                    .u32("msg_size")
                    .u32("flags")
                    .u32("error_no")
                    .end();

    /** Bytes of a header. */
    public static final int SIZE = 16;

    /** Offset of the message id, u16. */
    public static final int ID = 0;

    /** Offset of the command, u16. */
    public static final int COMMAND = 2;

    /** Offset of the message's size, header included, u32. */
    public static final int MESSAGE_SIZE = 4;

    /** Offset of the flags, u32. */
    public static final int FLAGS = 8;

    /** Offset of the errno, u32. */
    public static final int ERRNO = 12;

    private VfioUserHeader() {}

    /** The message id, 0 to 65535; a reply has its command's. */
    public static int id(Memory memory, long at) {
        return memory.getShort(at + ID) & 0xffff;
    }

    /** The command's number, 0 to 65535; see {@link VfioUserCommand#of}. */
    public static int command(Memory memory, long at) {
        return memory.getShort(at + COMMAND) & 0xffff;
    }

    /** Bytes of the message, header included, 0 to 2^32-1: a peer may lie. */
    public static long size(Memory memory, long at) {
        return memory.getInt(at + MESSAGE_SIZE) & 0xffff_ffffL;
    }

    /** The flags, {@code VFIO_USER_F_*}. */
    public static int flags(Memory memory, long at) {
        return memory.getInt(at + FLAGS);
    }

    /** The errno of an error reply; may be 0. */
    public static int errno(Memory memory, long at) {
        return memory.getInt(at + ERRNO);
    }

    /** Whether flags say that this is a command. */
    public static boolean isCommand(int flags) {
        return (flags & VfioUser.VFIO_USER_F_TYPE_MASK) == VfioUser.VFIO_USER_F_TYPE_COMMAND;
    }

    /** Whether flags say that this is a reply. */
    public static boolean isReply(int flags) {
        return (flags & VfioUser.VFIO_USER_F_TYPE_MASK) == VfioUser.VFIO_USER_F_TYPE_REPLY;
    }

    /** Whether flags say that the command wants no reply. */
    public static boolean isNoReply(int flags) {
        return (flags & VfioUser.VFIO_USER_F_NO_REPLY) != 0;
    }

    /** Whether flags say that the command failed. */
    public static boolean isError(int flags) {
        return (flags & VfioUser.VFIO_USER_F_ERROR) != 0;
    }

    /**
     * Writes a command's header.
     *
     * @param size bytes of the message, header included
     * @param noReply whether the peer shall not answer
     */
    public static void writeCommand(
            Memory memory, long at, int id, int command, int size, boolean noReply) {
        write(memory, at, id, command, size, noReply ? VfioUser.VFIO_USER_F_NO_REPLY : 0, 0);
    }

    /**
     * Writes the header of a reply to a command that went well.
     *
     * @param size bytes of the message, header included
     */
    public static void writeReply(Memory memory, long at, int id, int command, int size) {
        write(memory, at, id, command, size, VfioUser.VFIO_USER_F_TYPE_REPLY, 0);
    }

    /** Writes the whole reply to a command that failed: a bare header. */
    public static void writeError(Memory memory, long at, int id, int command, int errno) {
        int flags = VfioUser.VFIO_USER_F_TYPE_REPLY | VfioUser.VFIO_USER_F_ERROR;
        write(memory, at, id, command, SIZE, flags, errno);
    }

    private static void write(
            Memory memory, long at, int id, int command, int size, int flags, int errno) {
        memory.putShort(at + ID, (short) id);
        memory.putShort(at + COMMAND, (short) command);
        memory.putInt(at + MESSAGE_SIZE, size);
        memory.putInt(at + FLAGS, flags);
        memory.putInt(at + ERRNO, errno);
    }
}
