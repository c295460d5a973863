/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;

/**
 * Reaches a client's memory by DMA_READ and DMA_WRITE messages: what a session offers its device.
 * One call is one message.
 */
public interface ClientMemory {

    /**
     * The most that one message may carry.
     *
     * @return bytes
     */
    int maxTransfer();

    /**
     * Sends DMA_READ and waits for the answer.
     *
     * @param iova the first address
     * @param target where the data goes
     * @param offset where in the target
     * @param length bytes, up to {@link #maxTransfer()}
     * @throws DmaException what the client answered, or ECONNRESET if it is gone
     */
    void read(long iova, Memory target, long offset, int length);

    /**
     * Sends DMA_WRITE and waits for the answer.
     *
     * @param iova the first address
     * @param source what to write
     * @param offset where in the source
     * @param length bytes, up to {@link #maxTransfer()}
     * @throws DmaException what the client answered, or ECONNRESET if it is gone
     */
    void write(long iova, Memory source, long offset, int length);
}
