/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FdBag;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.UnixStream;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a stream into frames, and says which frame a descriptor belongs to.
 *
 * <p>Normally a frame is read in two calls: its header, then exactly its body, so that nothing of
 * the next frame, and none of its descriptors, comes along. In a run of small region accesses, the
 * hot path, one call asks for as much as the largest of these. It may then bring the start of the
 * next frame, whose descriptors come with it: they are the current frame's if that can carry any
 * (it is at the front of what was read), else the next frame's.
 *
 * <p>One thread. Allocates nothing for frames without descriptors.
 */
final class FrameReader implements FrameFds, AutoCloseable {
    /** A REGION_WRITE of 8 bytes: the largest frame of the hot path. */
    private static final int SMALL = VfioUserHeader.SIZE + 16 + 8;

    /** What we say in VERSION; more descriptors than this on one frame are refused. */
    static final int MAX_FDS = 16;

    private static final int REGION_READ = VfioUserCommand.REGION_READ.number();
    private static final int REGION_WRITE = VfioUserCommand.REGION_WRITE.number();
    private static final int DMA_MAP = VfioUserCommand.DMA_MAP.number();
    private static final int SET_IRQS = VfioUserCommand.DEVICE_SET_IRQS.number();
    private static final int FEATURE = VfioUserCommand.DEVICE_FEATURE.number();

    private final UnixStream stream;
    private final int maxFrame;
    private final FdBag bag = new FdBag();
    private Memory buffer;
    private Memory spare;
    private int held;
    private int size;
    private boolean small;
    private boolean bagIsForNext;

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
     * Reads the next frame over the current one.
     *
     * @return false at the end of the stream
     * @throws ProtocolException for a size that cannot be, or an end within a frame
     * @throws io.vfio4j.linux.LinuxException if the socket fails
     */
    boolean next() {
        dropFrame();
        while (held < VfioUserHeader.SIZE) {
            int want = (small ? SMALL : VfioUserHeader.SIZE) - held;
            if (!fill(want)) {
                return false;
            }
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
        boolean region = command == REGION_READ || command == REGION_WRITE;
        small = region && size <= SMALL;
        bagIsForNext = held > size && !carriesFds(command);
        return true;
    }

    private boolean fill(int want) {
        int got = stream.receive(buffer, held, want, bag);
        if (got == 0) {
            if (held > 0) {
                throw new ProtocolException(
                        "the connection ended within a frame, after %d bytes".formatted(held));
            }
            return false;
        }
        held += got;
        return true;
    }

    private static boolean carriesFds(int command) {
        return command == DMA_MAP || command == SET_IRQS || command == FEATURE;
    }

    private void dropFrame() {
        if (size == 0) {
            return;
        }
        if (bag.count() > 0 && !bagIsForNext) {
            bag.closeAll();
        }
        int left = held - size;
        if (left > 0) {
            for (int i = 0; i < left; i++) {
                buffer.putByte(i, buffer.getByte((long) size + i));
            }
        }
        held = left;
        size = 0;
        bagIsForNext = false;
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
        return !bagIsForNext && (bag.truncated() || bag.count() > MAX_FDS);
    }

    /**
     * The descriptors of the current frame; the caller owns them from now on.
     *
     * @return a list that can be changed, empty for most frames
     */
    @Override
    public List<Fd> takeFds() {
        if (bagIsForNext || bag.count() == 0) {
            return new ArrayList<>(0);
        }
        List<Fd> fds = new ArrayList<>(bag.count());
        for (int i = 0; i < bag.count(); i++) {
            fds.add(bag.take(i));
        }
        bag.closeAll();
        return fds;
    }

    /**
     * Sets the current frame aside, so that others can be read while it is still being worked on:
     * its bytes stay where they are until {@link #restore}.
     *
     * @return what to give to restore
     */
    Kept keep() {
        Kept kept = new Kept(buffer, size);
        int left = held - size;
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
        bagIsForNext = bag.count() > 0;
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
