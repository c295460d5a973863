/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.DmaAccess;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

/**
 * Answers the server's DMA_READ and DMA_WRITE from the windows that have no descriptor. Belongs to
 * the thread that is inside the connection.
 */
final class DmaServer {
    private static final int PAYLOAD = Frames.PAYLOAD;
    private static final int DATA = Frames.DATA;

    private final FrameStream stream;
    private final ServedWindows windows;

    /** Not the request's block: a command may come while a request is being written there. */
    private final Memory out = Memory.allocate(DATA + Frames.DIRECT);

    DmaServer(FrameStream stream, ServedWindows windows) {
        this.stream = stream;
        this.windows = windows;
    }

    /**
     * Serves the command at the start of what was received, or the next to come, and forgets it.
     *
     * @throws ProtocolViolationException if it is no command that a server sends
     */
    void serveOne() {
        if (stream.hasDescriptors()) {
            throw stream.violation("it sent descriptors beside a command");
        }
        boolean welcome = stream.welcomeDescriptors(false);
        try {
            serve();
        } finally {
            boolean _ = stream.welcomeDescriptors(welcome);
        }
    }

    private void serve() {
        Memory in = stream.in;
        stream.fill(PAYLOAD, PAYLOAD);
        int flags = VfioUserHeader.flags(in, 0);
        long size = VfioUserHeader.size(in, 0);
        int command = VfioUserHeader.command(in, 0);
        boolean read = command == VfioUserCommand.DMA_READ.number();
        boolean write = command == VfioUserCommand.DMA_WRITE.number();
        if (!VfioUserHeader.isCommand(flags) || !(read || write)) {
            throw stream.violation(
                    "it sent command %d with flags 0x%x of its own".formatted(command, flags));
        }
        if (size < DATA || size > Frames.CAPACITY) {
            throw stream.violation("its DMA message claims %d bytes".formatted(size));
        }
        stream.fill(DATA, DATA);
        int id = VfioUserHeader.id(in, 0);
        boolean noReply = VfioUserHeader.isNoReply(flags);
        long address = DmaAccess.address(in, PAYLOAD);
        long count = DmaAccess.count(in, PAYLOAD);
        if (read) {
            if (size != DATA) {
                throw stream.violation("its DMA_READ of %d bytes has data".formatted(size));
            }
            stream.consume(DATA);
            if (!noReply) {
                read(id, address, count);
            }
        } else {
            if (count != size - DATA) {
                throw stream.violation(
                        "its DMA_WRITE of %d bytes claims to carry %d".formatted(size, count));
            }
            int errno = write(address, (int) count);
            if (!noReply) {
                answerWrite(id, address, count, errno);
            }
        }
    }

    private void read(int id, long address, long count) {
        if (count < 0 || count > Frames.MAX_TRANSFER) {
            answerError(id, VfioUserCommand.DMA_READ, Errno.EINVAL.number());
            return;
        }
        ServedWindows.Window window = windows.find(address, count);
        int errno = window == null ? Errno.EFAULT.number() : window.refusal(true);
        if (window == null || errno != 0) {
            answerError(id, VfioUserCommand.DMA_READ, errno);
            return;
        }
        int length = (int) count;
        int number = VfioUserCommand.DMA_READ.number();
        VfioUserHeader.writeReply(out, 0, id, number, DATA + length);
        DmaAccess.write(out, PAYLOAD, address, length);
        if (length >= Frames.DIRECT) {
            stream.send(out, DATA);
            stream.sendRest(window.memory(), window.offset(address), length);
        } else if (window.copyTo(out, DATA, address, length)) {
            stream.send(out, DATA + length);
        } else {
            answerError(id, VfioUserCommand.DMA_READ, Errno.EFAULT.number());
        }
    }

    /** Takes the data where it belongs, or throws it away; why, as an errno, or 0. */
    private int write(long address, int count) {
        ServedWindows.Window window = windows.find(address, count);
        int errno = window == null ? Errno.EFAULT.number() : window.refusal(false);
        if (window != null && errno == 0 && count >= Frames.DIRECT) {
            stream.receiveInto(window.memory(), window.offset(address), count);
            return 0;
        }
        int size = DATA + count;
        stream.fill(size, size);
        if (window != null && errno == 0 && !window.copyFrom(stream.in, DATA, address, count)) {
            errno = Errno.EFAULT.number();
        }
        stream.consume(size);
        return errno;
    }

    private void answerWrite(int id, long address, long count, int errno) {
        if (errno != 0) {
            answerError(id, VfioUserCommand.DMA_WRITE, errno);
            return;
        }
        VfioUserHeader.writeReply(out, 0, id, VfioUserCommand.DMA_WRITE.number(), DATA);
        DmaAccess.write(out, PAYLOAD, address, count);
        stream.send(out, DATA);
    }

    private void answerError(int id, VfioUserCommand command, int errno) {
        VfioUserHeader.writeError(out, 0, id, command.number(), errno);
        stream.send(out, PAYLOAD);
    }

    /** Gives the memory back. */
    void free() {
        out.close();
    }
}
