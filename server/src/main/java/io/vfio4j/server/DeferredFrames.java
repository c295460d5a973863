/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;

/**
 * Requests that came while the one before them still waited for a DMA message, in their order.
 * Reading on is the only way to that message's reply, so what a client can make the server keep is
 * bounded here: more of it is a client gone wrong.
 */
final class DeferredFrames implements AutoCloseable {
    /** Bytes kept at most, with what it costs to keep a frame. */
    static final int MAX_BYTES = 16 << 20;

    /** A frame's share beside its bytes: so that a client cannot send millions of small ones. */
    static final int OVERHEAD = 1024;

    /** Descriptors kept at most: they are the process's, which serves other devices as well. */
    static final int MAX_FDS = 64;

    private final Queue<DeferredFrame> frames = new ArrayDeque<>();
    private int bytes;
    private int fds;

    /**
     * Keeps the reader's current frame.
     *
     * @throws ProtocolException if that would be too much
     */
    void add(FrameReader reader) {
        DeferredFrame frame = DeferredFrame.of(reader);
        frames.add(frame);
        bytes += frame.size() + OVERHEAD;
        fds += frame.fds().size();
        if (bytes > MAX_BYTES || fds > MAX_FDS) {
            throw new ProtocolException(
                    "%d requests with %d descriptors while a DMA message waits for its reply"
                            .formatted(frames.size(), fds));
        }
    }

    /** The next, which the caller closes. */
    Optional<DeferredFrame> poll() {
        // Asked before every request, so without a lambda, which would be allocated.
        if (frames.isEmpty()) {
            return Optional.empty();
        }
        DeferredFrame next = frames.remove();
        bytes -= next.size() + OVERHEAD;
        fds -= next.fds().size();
        return Optional.of(next);
    }

    @Override
    public void close() {
        frames.forEach(DeferredFrame::close);
        frames.clear();
    }
}
