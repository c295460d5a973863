/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserDmaMap;
import io.vfio4j.uapi.VfioUserDmaUnmap;

import org.jspecify.annotations.Nullable;

import java.util.List;

/** DMA_MAP and DMA_UNMAP, and who serves the windows that have no descriptor. */
final class DmaRequests {
    private static final int PAYLOAD = Frames.PAYLOAD;

    private final VfioUserConnection connection;
    private final ServedWindows windows;

    // Belongs to the thread inside the connection, and to close after the connection's.
    private @Nullable DmaListener listener;

    DmaRequests(VfioUserConnection connection, ServedWindows windows) {
        this.connection = connection;
        this.windows = windows;
    }

    DmaWindow map(long iova, DmaMemory memory, DmaDirection direction) {
        requireWindow(iova, memory.size());
        memory.require(direction, what(iova, memory.size()));
        connection.begin();
        try {
            map(iova, memory.size(), memory.offset(), direction, List.of(memory.fd()));
        } finally {
            connection.end();
        }
        return new Window(iova, memory.size(), null);
    }

    DmaWindow map(long iova, Memory memory, DmaDirection direction) {
        requireWindow(iova, memory.size());
        if (!memory.isOpen()) {
            throw new IllegalStateException("this block of memory is closed");
        }
        var served = new ServedWindows.Window(iova, memory, direction);
        connection.begin();
        try {
            // First, since the device may use it before its answer has arrived.
            windows.add(served);
            try {
                map(iova, memory.size(), 0, direction, List.of());
            } catch (RuntimeException refused) {
                windows.remove(served);
                throw refused;
            }
            if (listener == null) {
                listener = DmaListener.start(connection);
            }
        } finally {
            connection.end();
        }
        return new Window(iova, memory.size(), served);
    }

    /** Its own only: nobody shares an address space with a connection. */
    DmaWindow adopt(DmaWindow window) {
        if (window instanceof Window own && own.isOf(this)) {
            return own;
        }
        throw new IllegalArgumentException(
                window + " is of another address space than " + connection.device());
    }

    /** Waits for the thread that serves windows, after the connection was closed. */
    void join() {
        DmaListener running = listener;
        if (running != null) {
            running.join();
        }
    }

    private String what(long iova, long size) {
        return "mapping %d bytes for DMA at 0x%x of %s".formatted(size, iova, connection.device());
    }

    private void map(
            long iova, long size, long offset, DmaDirection direction, List<Fd> descriptors) {
        int length = VfioUserDmaMap.LAYOUT.size();
        new VfioUserDmaMap(length, direction.flags(), offset, iova, size)
                .write(connection.out, PAYLOAD);
        // No answer payload by the protocol's text; some echo the request.
        int got = connection.call(VfioUserCommand.DMA_MAP, length, length, descriptors);
        Answers.require(connection, got, 0, () -> what(iova, size));
    }

    /** Refuses what is no range of addresses. */
    static void requireWindow(long iova, long size) {
        if (size < 1 || Long.compareUnsigned(iova + (size - 1), iova) < 0) {
            throw new IllegalArgumentException(
                    "%d bytes at 0x%x are no window: it has at least 1 byte and ends at 2^64"
                            .formatted(size, iova));
        }
    }

    private final class Window implements DmaWindow {
        private final long iova;
        private final long size;
        private final ServedWindows.@Nullable Window served;
        private boolean mapped = true;

        private Window(long iova, long size, ServedWindows.@Nullable Window served) {
            this.iova = iova;
            this.size = size;
            this.served = served;
        }

        boolean isOf(DmaRequests requests) {
            return requests == DmaRequests.this;
        }

        @Override
        public long iova() {
            return iova;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void unmap() {
            connection.begin();
            try {
                if (mapped) {
                    unmap(VfioUserDmaUnmap.LAYOUT.size());
                    mapped = false;
                }
            } finally {
                connection.end();
            }
        }

        private void unmap(int length) {
            new VfioUserDmaUnmap(length, 0, iova, size).write(connection.out, PAYLOAD);
            int got = connection.call(VfioUserCommand.DMA_UNMAP, length, length);
            Answers.require(
                    connection,
                    got,
                    0,
                    () ->
                            "unmapping %d bytes at 0x%x of %s"
                                    .formatted(size, iova, connection.device()));
            if (served != null) {
                windows.remove(served);
            }
        }

        @Override
        public void close() {
            if (connection.isOver()) {
                return;
            }
            try {
                unmap();
            } catch (ConnectionLostException | IllegalStateException _) {
                // Then the server has unmapped it.
            }
        }

        @Override
        public String toString() {
            return "DMA window of %d bytes at 0x%x of %s"
                    .formatted(size, iova, connection.device());
        }
    }
}
