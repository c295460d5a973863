/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/** What the devices of one IOMMU group see as their memory. */
interface DmaSpace {
    /**
     * Maps.
     *
     * @param address in this process
     * @throws io.vfio4j.linux.LinuxException with the kernel's errno
     */
    void map(long address, long iova, long size, DmaDirection direction);

    /**
     * Unmaps what was mapped.
     *
     * @throws io.vfio4j.linux.LinuxException with the kernel's errno
     */
    void unmap(long iova, long size);

    /** Names the address space, which the devices of a group share, by whichever way. */
    String dmaDomain();
}
