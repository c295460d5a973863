/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Fd;

import java.util.List;

/** The address space that a client gives its device: DMA_MAP and DMA_UNMAP (spec B7). */
public interface ServedDma {
    /**
     * How many windows a client may have at once. The protocol's default is 65535; a process cannot
     * have that many mappings (vm.max_map_count), and one client must not use up what others need.
     */
    int MAX_WINDOWS = 4096;

    /**
     * DMA_MAP.
     *
     * @param iova the first address
     * @param size bytes
     * @param offset into the descriptor
     * @param flags 1 readable, 2 writable
     * @param fds the descriptors that came with it: none or one; taken over, whatever the answer
     * @return 0 or minus an errno
     */
    int map(long iova, long size, long offset, int flags, List<Fd> fds);

    /**
     * DMA_UNMAP: every window that lies within the range. The protocol's text asks for the exact
     * range of a map; QEMU with a virtual IOMMU unmaps in powers of two that cover many windows or
     * none, and relies on what the kernel does. Returns when the device uses them no more.
     *
     * @param iova the first address
     * @param size bytes
     * @return 0, minus ENOENT if no window lies in the range, or minus EINVAL if the range wraps,
     *     is empty or would cut a window in two (nothing is unmapped then)
     */
    int unmap(long iova, long size);

    /** DMA_UNMAP of all windows. Returns when the device uses them no more. */
    void unmapAll();
}
