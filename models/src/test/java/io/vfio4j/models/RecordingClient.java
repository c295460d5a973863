/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.models;

import io.vfio4j.device.ClientMemory;
import io.vfio4j.device.ServedClient;
import io.vfio4j.linux.Memory;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A client whose memory is all one byte, and that remembers the messages it is sent. */
final class RecordingClient implements ServedClient, ClientMemory {
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
    public ClientMemory memory() {
        return this;
    }

    @Override
    public boolean bearsFaults() {
        return true;
    }

    @Override
    public boolean knowsPme() {
        return false;
    }

    @Override
    public OptionalInt process() {
        return OptionalInt.empty();
    }

    @Override
    public void hangUp() {
        throw new AssertionError("nobody has a reason to");
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
