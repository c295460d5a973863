/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;

import org.jspecify.annotations.Nullable;

/**
 * The DMA windows whose memory the server cannot map, and asks for piece by piece. Belongs to the
 * thread that is inside the connection.
 */
final class ServedWindows {
    /** One window. Two that look alike are two: the server may refuse the second. */
    static final class Window {
        private final long iova;
        private final Memory memory;
        private final DmaDirection direction;

        /**
         * A window of all of that memory.
         *
         * @param iova the first device address, unsigned
         */
        Window(long iova, Memory memory, DmaDirection direction) {
            this.iova = iova;
            this.memory = memory;
            this.direction = direction;
        }

        Memory memory() {
            return memory;
        }

        long offset(long address) {
            return address - iova;
        }

        /** Reads bytes; false if the memory's owner has just closed it. */
        boolean copyTo(Memory destination, long destinationOffset, long address, int count) {
            try {
                destination.copy(memory, offset(address), destinationOffset, count);
                return true;
            } catch (IllegalStateException closed) {
                return false;
            }
        }

        /** Writes bytes; false if the memory's owner has just closed it. */
        boolean copyFrom(Memory source, long sourceOffset, long address, int count) {
            try {
                memory.copy(source, sourceOffset, offset(address), count);
                return true;
            } catch (IllegalStateException closed) {
                return false;
            }
        }

        /** Why the device may not, as an errno; 0 if it may. */
        int refusal(boolean read) {
            if (!memory.isOpen()) {
                return Errno.EFAULT.number();
            }
            boolean allowed = read ? direction.readableByDevice() : direction.writableByDevice();
            return allowed ? 0 : Errno.EACCES.number();
        }
    }

    private Window[] windows = {};

    void add(Window window) {
        Window[] more = new Window[windows.length + 1];
        System.arraycopy(windows, 0, more, 0, windows.length);
        more[windows.length] = window;
        windows = more;
    }

    void remove(Window window) {
        windows =
                java.util.Arrays.stream(windows)
                        .filter(other -> other != window)
                        .toArray(Window[]::new);
    }

    boolean isEmpty() {
        return windows.length == 0;
    }

    /** The window that holds all of those bytes. */
    @Nullable Window find(long address, long count) {
        for (Window window : windows) {
            // Wraps around below the window, and is then too large.
            long inside = window.offset(address);
            long size = window.memory().size();
            if (inside >= 0 && inside <= size && count <= size - inside) {
                return window;
            }
        }
        return null;
    }
}
