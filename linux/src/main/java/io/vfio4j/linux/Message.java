/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A {@code struct msghdr} with its one {@code iovec} and its control buffer, made once per stream
 * and direction. For one thread at a time.
 *
 * <p>Offsets are those of 64-bit Linux: x86-64 and aarch64 alike.
 */
final class Message {
    private static final long IOV_BASE = 56;
    private static final long IOV_LENGTH = 64;
    private static final long CONTROL = 72;

    private static final long MSG_IOV = 16;
    private static final long MSG_IOVLEN = 24;
    private static final long MSG_CONTROL = 32;
    private static final long MSG_CONTROLLEN = 40;
    private static final long MSG_FLAGS = 48;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 8;

    private static final long CMSG_LEVEL = 8;
    private static final long CMSG_TYPE = 12;
    private static final long CMSG_DATA = 16;

    /** Room for the most descriptors of one message, and for control messages of other kinds. */
    static final int CONTROL_SIZE = align(CMSG_DATA + 4L * FdBag.CAPACITY) + 1024;

    private final MemorySegment block;
    private final int controlSize;

    Message() {
        this(CONTROL_SIZE);
    }

    /** With a control buffer too small for what will come: for tests. */
    Message(int controlSize) {
        // Automatic: whoever uses the message holds it, and it is too small to hurry about.
        block = Arena.ofAuto().allocate(CONTROL + controlSize, 8);
        this.controlSize = controlSize;
        block.set(ValueLayout.JAVA_LONG, MSG_IOV, block.address() + IOV_BASE);
        block.set(ValueLayout.JAVA_LONG, MSG_IOVLEN, 1);
        block.set(ValueLayout.JAVA_LONG, MSG_CONTROL, block.address() + CONTROL);
    }

    long address() {
        return block.address();
    }

    /** Sets the bytes to receive into or to send. */
    void setBytes(long address, long length) {
        block.set(ValueLayout.JAVA_LONG, IOV_BASE, address);
        block.set(ValueLayout.JAVA_LONG, IOV_LENGTH, length);
    }

    /** Makes the whole control buffer available to what is received. */
    void offerControl() {
        block.set(ValueLayout.JAVA_LONG, MSG_CONTROLLEN, controlSize);
        block.set(ValueLayout.JAVA_INT, MSG_FLAGS, 0);
    }

    /** Begins one control message of that many descriptors, to be sent. */
    void setDescriptorCount(int count) {
        long length = CMSG_DATA + 4L * count;
        block.set(ValueLayout.JAVA_LONG, MSG_CONTROLLEN, align(length));
        block.set(ValueLayout.JAVA_LONG, CONTROL, length);
        block.set(ValueLayout.JAVA_INT, CONTROL + CMSG_LEVEL, SOL_SOCKET);
        block.set(ValueLayout.JAVA_INT, CONTROL + CMSG_TYPE, SCM_RIGHTS);
    }

    void setDescriptor(int index, int number) {
        block.set(ValueLayout.JAVA_INT, CONTROL + CMSG_DATA + 4L * index, number);
    }

    /**
     * Moves every received descriptor into the bag, from however many control messages; those of
     * other kinds are passed over. The kernel has already opened whatever stands there, so nothing
     * may be left behind.
     */
    void adoptDescriptors(FdBag bag) {
        long length = block.get(ValueLayout.JAVA_LONG, MSG_CONTROLLEN);
        long at = 0;
        while (length - at >= CMSG_DATA) {
            long cmsg = CONTROL + at;
            // The kernel writes lengths that end inside the buffer; a cut one ends with it.
            long cmsgLength = Math.min(block.get(ValueLayout.JAVA_LONG, cmsg), length - at);
            if (cmsgLength < CMSG_DATA) {
                break;
            }
            if (block.get(ValueLayout.JAVA_INT, cmsg + CMSG_LEVEL) == SOL_SOCKET
                    && block.get(ValueLayout.JAVA_INT, cmsg + CMSG_TYPE) == SCM_RIGHTS) {
                for (long data = CMSG_DATA; data + 4 <= cmsgLength; data += 4) {
                    bag.add(block.get(ValueLayout.JAVA_INT, cmsg + data));
                }
            }
            at += align(cmsgLength);
        }
        if ((block.get(ValueLayout.JAVA_INT, MSG_FLAGS) & MSG_CTRUNC) != 0) {
            bag.markTruncated();
        }
    }

    private static int align(long length) {
        return (int) (length + 7) & ~7;
    }
}
