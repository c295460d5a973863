/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;

/** A client that answers no DMA message. */
final class NoMessages implements ClientMemory {
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
