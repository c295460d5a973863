/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.Memory;

import java.util.List;

/**
 * A request that came while the one before it was still waiting for a DMA message, kept until its
 * turn.
 *
 * @param memory a copy of its bytes, from offset 0
 * @param size bytes
 * @param fdsRefused as {@link FrameFds#fdsRefused}
 * @param fds its descriptors
 */
record DeferredFrame(Memory memory, int size, boolean fdsRefused, List<Fd> fds)
        implements FrameFds, AutoCloseable {

    static DeferredFrame of(FrameReader reader) {
        Memory copy = Memory.allocate(reader.size());
        copy.copy(reader.frame(), 0, 0, reader.size());
        boolean refused = reader.fdsRefused();
        List<Fd> fds = reader.takeFds();
        if (refused) {
            fds.forEach(Fd::close);
            fds.clear();
        }
        return new DeferredFrame(copy, reader.size(), refused, fds);
    }

    @Override
    public List<Fd> takeFds() {
        return fds;
    }

    @Override
    public void closeFds() {
        fds.forEach(Fd::close);
    }

    @Override
    public void close() {
        closeFds();
        memory.close();
    }
}
