/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioUserHeader;

import java.util.List;

/**
 * The reply that a session is putting together: one buffer, used again for each. A handler writes
 * its payload behind the header and returns how long it is, or minus an errno.
 */
final class Reply implements AutoCloseable {
    /** Where a payload starts. */
    static final int PAYLOAD = VfioUserHeader.SIZE;

    private final Memory frame;
    private List<Fd> fds = List.of();

    Reply(int maxFrame) {
        frame = Memory.allocate(maxFrame);
    }

    /** The frame; a handler writes from {@link #PAYLOAD} on. */
    Memory frame() {
        return frame;
    }

    /** Descriptors to send along; they stay their owner's. */
    void attach(List<Fd> borrowed) {
        fds = borrowed;
    }

    /**
     * Sends it.
     *
     * @param id of the request
     * @param command of the request
     * @param result payload bytes, or minus an errno
     * @param writer where to
     */
    void send(int id, int command, int result, FrameWriter writer) {
        if (result < 0) {
            VfioUserHeader.writeError(frame, 0, id, command, -result);
            writer.send(frame, VfioUserHeader.SIZE);
            return;
        }
        int size = VfioUserHeader.SIZE + result;
        VfioUserHeader.writeReply(frame, 0, id, command, size);
        if (fds.isEmpty()) {
            writer.send(frame, size);
        } else {
            writer.send(frame, size, fds);
        }
    }

    void clear() {
        fds = List.of();
    }

    @Override
    public void close() {
        frame.close();
    }
}
