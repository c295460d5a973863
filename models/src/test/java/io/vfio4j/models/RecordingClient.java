/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.device.ClientMemory;
import io.vfio4j.linux.Memory;

import java.util.ArrayList;
import java.util.List;

/** A client whose memory is all one byte, and that remembers the messages it is sent. */
final class RecordingClient implements ClientMemory {
    static final byte CONTENTS = 0x5a;

    private final List<String> messages = new ArrayList<>();
    private volatile Runnable beforeAnswer = () -> {};

    /** What happens before each answer: wait, or throw what the client answers. */
    void beforeAnswer(Runnable action) {
        beforeAnswer = action;
    }

    synchronized List<String> messages() {
        return List.copyOf(messages);
    }

    private synchronized void record(String kind, long iova, int length) {
        messages.add("%s 0x%x+%d".formatted(kind, iova, length));
    }

    @Override
    public int maxTransfer() {
        return 1 << 20;
    }

    @Override
    public void read(long iova, Memory target, long offset, int length) {
        record("read", iova, length);
        beforeAnswer.run();
        target.fill(offset, length, CONTENTS);
    }

    @Override
    public void write(long iova, Memory source, long offset, int length) {
        record("write", iova, length);
        beforeAnswer.run();
    }
}
