/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;

/**
 * The client's memory as the device sees it, by I/O virtual address. Mapped windows are copied to
 * and from directly; windows without a descriptor are reached by DMA_READ and DMA_WRITE messages.
 *
 * <p>Callable from any thread. A call inside {@link PciDevice#writeRegister} holds the client's
 * write up until the transfer is done; a VMM that serves DMA messages on the thread that waits for
 * that write (QEMU does) then stalls for its whole timeout, so a device meant for VMMs does its DMA
 * on a thread of its own.
 */
public interface Dma {

    /**
     * Reads the client's memory.
     *
     * @param iova the first address
     * @param target where to put it
     * @param offset where in the target
     * @param length bytes
     * @throws DmaException EFAULT where nothing readable is mapped, EIO outside D0 or with bus
     *     mastering off, ECONNRESET if no client is connected or this one goes before the end, or
     *     what the client answered; some of the bytes may have been transferred
     * @throws IndexOutOfBoundsException if the range is not inside the target
     */
    void read(long iova, Memory target, long offset, long length);

    /**
     * Writes the client's memory.
     *
     * @param iova the first address
     * @param source what to write
     * @param offset where in the source
     * @param length bytes
     * @throws DmaException as for {@link #read}, EFAULT also where the window is read-only
     */
    void write(long iova, Memory source, long offset, long length);

    /**
     * Reads the client's memory by messages, even where it is mapped: what a benchmark of the
     * messages needs.
     *
     * @param iova the first address
     * @param target where to put it
     * @param offset where in the target
     * @param length bytes, one message each piece of the client's max_data_xfer_size
     * @throws DmaException as for {@link #read}
     */
    void readByMessage(long iova, Memory target, long offset, long length);

    /**
     * Writes the client's memory by messages, even where it is mapped.
     *
     * @param iova the first address
     * @param source what to write
     * @param offset where in the source
     * @param length bytes
     * @throws DmaException as for {@link #write}
     */
    void writeByMessage(long iova, Memory source, long offset, long length);
}
