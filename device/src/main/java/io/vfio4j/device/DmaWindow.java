/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Mapping;

import java.util.Optional;

/**
 * One range of I/O virtual addresses that a client has mapped.
 *
 * @param iova the first address
 * @param size bytes
 * @param readable the device may read it
 * @param writable the device may write it
 * @param mapping the memory itself, if the client sent a descriptor for it
 */
record DmaWindow(
        long iova, long size, boolean readable, boolean writable, Optional<Mapping> mapping)
        implements DmaTable.Window {

    @Override
    public boolean isMapped() {
        return mapping.isPresent();
    }

    void release() {
        mapping.ifPresent(Mapping::close);
    }
}
