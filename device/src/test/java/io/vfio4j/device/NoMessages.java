/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;

import java.util.OptionalInt;

/** A client that answers no DMA message; it bears faults, and does not know PME. */
final class NoMessages implements ServedClient, ClientMemory {
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
        throw new DmaException(Errno.ENODEV, "DMA_READ");
    }

    @Override
    public void write(long iova, Memory source, long offset, int length) {
        throw new DmaException(Errno.ENODEV, "DMA_WRITE");
    }
}
