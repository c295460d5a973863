/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceFeature;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a stream into frames, and says which frame a descriptor belongs to.
 *
 * <p>Normally a frame is read in two calls: its header, then exactly its body, so that nothing of
 * the next frame, and none of its descriptors, comes along.
 *
 * <p>In a run of small region accesses, the hot path, one call asks for as much as the larger of
 * these has. It may then bring the start of the frames behind, and their descriptors with it. The
 * kernel ends a call behind the first piece that carries descriptors, so they are those of the last
 * frame that the call reached into, if the client sent each frame by itself. If it sent several as
 * one piece, they came with the first byte of that; so when the first frame asks for a descriptor
 * (a low-power entry with wakeup: no other request that does is so short), it gets them.
 *
 * <p>One thread. Allocates nothing for frames without descriptors.
 */
final class FrameReader implements FrameFds, AutoCloseable {
    /** A REGION_WRITE of 4 bytes: the largest frame that one call is meant for. */
    private static final int SMALL = VfioUserHeader.SIZE + RegionAccess.SIZE + 4;

    /** What we say in VERSION; more descriptors than this on one frame are refused. */
    static final int MAX_FDS = 16;

    private static final int REGION_READ = VfioUserCommand.REGION_READ.number();
    private static final int REGION_WRITE = VfioUserCommand.REGION_WRITE.number();
    private static final int FEATURE = VfioUserCommand.DEVICE_FEATURE.number();

    private final UnixStream stream;
    private final int maxFrame;
    private final FdBag bag = new FdBag();
    private Memory buffer;
    private Memory spare;
    private int held;
    private int size;
    private boolean small;

    // Where the call that brought the last descriptors ended, from the start of the buffer; 0
    // without any.
    private int fdsEnd;

    // Whether they are the current frame's, and nobody has taken them.
    private boolean fdsAreHere;

    // Whether the frame must be complete by a time, and which (System.nanoTime()).
    private boolean timed;
    private long deadline;

    /**
     * A reader.
     *
     * @param stream where from; stays the caller's
     * @param maxFrame the largest frame taken, header included
     */
    FrameReader(UnixStream stream, int maxFrame) {
        this.stream = stream;
        this.maxFrame = maxFrame;
        buffer = Memory.allocate((long) maxFrame + SMALL);
        spare = Memory.allocate((long) maxFrame + SMALL);
    }

    /**
     * As {@link #next()}, for as long as a client may take to say who it is, however it splits it.
     *
     * @param patience how long
     * @return false at the end of the stream
     * @throws ProtocolException also if the time has run out
     */
    boolean next(Duration patience) {
        deadline = System.nanoTime() + patience.toNanos();
        timed = true;
        try {
            return next();
        } finally {
            timed = false;
        }
    }

    /**
     * Reads the next frame over the current one.
     *
     * @return false at the end of the stream
     * @throws ProtocolException for a size that cannot be, or an end within a frame
     * @throws io.vfio4j.linux.LinuxException if the socket fails
     */
    boolean next() {
        dropFrame();
        // A frame that has begun is read to its end and no further: whose descriptors are they
        // else?
        int want = small && held == 0 ? SMALL : VfioUserHeader.SIZE - held;
        while (held < VfioUserHeader.SIZE) {
            if (!fill(want)) {
                return false;
            }
            want = VfioUserHeader.SIZE - held;
        }
        long announced = VfioUserHeader.size(buffer, 0);
        if (announced < VfioUserHeader.SIZE || announced > maxFrame) {
            throw new ProtocolException(
                    "a frame of %d bytes was announced; %d to %d are possible"
                            .formatted(announced, VfioUserHeader.SIZE, maxFrame));
        }
        size = (int) announced;
        while (held < size) {
            if (!fill(size - held)) {
                return false;
            }
        }
        int command = VfioUserHeader.command(buffer, 0);
        small = (command == REGION_READ || command == REGION_WRITE) && size <= SMALL;
        fdsAreHere = fdsEnd > 0 && (fdsEnd <= size || asksForFd(command));
        return true;
    }

    private boolean fill(int want) {
        awaitInTime();
        int before = bag.count();
        int got = stream.receive(buffer, held, want, bag);
        if (got == 0) {
            if (held > 0) {
                throw new ProtocolException(
                        "the connection ended within a frame, after %d bytes".formatted(held));
            }
            return false;
        }
        held += got;
        if (bag.count() > before || bag.truncated()) {
            fdsEnd = held;
        }
        return true;
    }

    private void awaitInTime() {
        if (timed && !stream.awaitReadable(Duration.ofNanos(deadline - System.nanoTime()))) {
            throw new ProtocolException(
                    "no complete frame came in time, only %d bytes".formatted(held));
        }
    }

    private boolean asksForFd(int command) {
        int withWakeup =
                Vfio.VFIO_DEVICE_FEATURE_SET | Vfio.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP;
        return command == FEATURE
                && size >= VfioUserHeader.SIZE + VfioDeviceFeature.LAYOUT.size()
                && buffer.getInt(VfioUserHeader.SIZE + 4) == withWakeup;
    }

    private void dropFrame() {
        if (size == 0) {
            return;
        }
        int left = held - size;
        dropFds();
        if (left > 0) {
            buffer.copy(buffer, size, 0, left);
        }
        held = left;
        size = 0;
    }

    /** The current frame's descriptors go with it; those of the frames behind move up. */
    private void dropFds() {
        if (fdsAreHere) {
            bag.closeAll();
            fdsEnd = 0;
            fdsAreHere = false;
        } else if (fdsEnd > 0) {
            fdsEnd -= size;
        }
    }

    /**
     * The memory that the current frame starts at offset 0 of. Its bytes stay until {@link #next}
     * or {@link #keep}.
     */
    Memory frame() {
        return buffer;
    }

    /** The size of the current frame, header included. */
    int size() {
        return size;
    }

    /** Whether descriptors of this frame were lost in transit, or were more than is allowed. */
    @Override
    public boolean fdsRefused() {
        return fdsAreHere && (bag.truncated() || bag.count() > MAX_FDS);
    }

    /**
     * The descriptors of the current frame; the caller owns them from now on.
     *
     * @return a list that can be changed, empty for most frames
     */
    @Override
    public List<Fd> takeFds() {
        if (!fdsAreHere) {
            return new ArrayList<>(0);
        }
        List<Fd> fds = new ArrayList<>(bag.count());
        for (int i = 0; i < bag.count(); i++) {
            fds.add(bag.take(i));
        }
        dropFds();
        return fds;
    }

    @Override
    public void closeFds() {
        if (fdsAreHere) {
            dropFds();
        }
    }

    /**
     * Sets the current frame aside, so that others can be read while it is still being worked on:
     * its bytes stay where they are until {@link #restore}. Descriptors that it did not take are
     * closed.
     *
     * @return what to give to restore
     */
    Kept keep() {
        Kept kept = new Kept(buffer, size);
        int left = held - size;
        dropFds();
        spare.copy(buffer, size, 0, left);
        buffer = spare;
        held = left;
        size = 0;
        return kept;
    }

    /**
     * Goes back to a frame that was set aside. What was read meanwhile stays read; what was only
     * begun follows the frame.
     *
     * @param kept the frame
     */
    void restore(Kept kept) {
        dropFrame();
        kept.memory.copy(buffer, 0, kept.size, held);
        held += kept.size;
        size = kept.size;
        spare = buffer;
        buffer = kept.memory;
        if (fdsEnd > 0) {
            fdsEnd += size;
        }
    }

    /** A frame set aside. */
    record Kept(Memory memory, int size) {}

    @Override
    public void close() {
        bag.closeAll();
        buffer.close();
        spare.close();
    }
}
