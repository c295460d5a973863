/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/**
 * Memory that a device reaches at some of its addresses.
 *
 * <p>Lifetime: from {@link VfioDevice#mapDma} to {@link #unmap} or {@link #close}, or to the
 * device's close. The memory stays its owner's, who closes it only after that. If it is closed
 * before, a device of this machine goes on reaching it, and it is freed with the window; one behind
 * a socket has {@link DmaMemory} mapped itself, and its accesses to other memory fail. Threads:
 * any.
 */
public interface DmaWindow extends AutoCloseable {
    /**
     * Returns where the device sees the memory.
     *
     * @return the first device address
     */
    long iova();

    /**
     * Returns how much of it the device sees.
     *
     * @return bytes
     */
    long size();

    /**
     * Takes the memory from the device, which no longer touches it when this returns. Does nothing
     * if it was unmapped before.
     *
     * @throws VfioException if the device refuses, with its errno; the window is then still mapped
     * @throws ConnectionLostException if the connection was lost: the device no longer has it
     */
    void unmap();

    /** Unmaps; a device that is closed or lost has no window any more, and that is no error. */
    @Override
    void close();
}
