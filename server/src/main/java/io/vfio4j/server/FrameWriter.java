/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends whole frames. A device's own thread sends DMA messages while the session's sends replies,
 * and two frames must not mix: this lock is the one that is held over a socket write, and guards
 * nothing else. Shutting the stream down frees whoever waits for a client that does not read.
 */
final class FrameWriter {
    private final UnixStream stream;
    private final ReentrantLock lock = new ReentrantLock();

    FrameWriter(UnixStream stream) {
        this.stream = stream;
    }

    void send(Memory frame, int size) {
        lock.lock();
        try {
            stream.send(frame, 0, size);
        } finally {
            lock.unlock();
        }
    }

    void send(Memory frame, int size, List<Fd> fds) {
        lock.lock();
        try {
            stream.send(frame, 0, size, fds);
        } finally {
            lock.unlock();
        }
    }
}
