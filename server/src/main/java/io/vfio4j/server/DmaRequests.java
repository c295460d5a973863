/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.ServedDma;
import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioUserDmaMap;
import io.vfio4j.uapi.VfioUserDmaUnmap;
import io.vfio4j.uapi.VfioUserHeader;

/** DMA_MAP and DMA_UNMAP. They never wake the device (spec B7). */
final class DmaRequests {
    private static final int EINVAL = -Errno.EINVAL.number();

    private final ServedDma dma;
    private final Reply reply;

    DmaRequests(ServedDma dma, Reply reply) {
        this.dma = dma;
        this.reply = reply;
    }

    int map(Memory frame, int size, FrameFds fds) {
        int needed = VfioUserDmaMap.LAYOUT.size();
        if (size < VfioUserHeader.SIZE + needed || fds.fdsRefused()) {
            return EINVAL;
        }
        VfioUserDmaMap map = VfioUserDmaMap.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(map.argsz(), needed) < 0) {
            return EINVAL;
        }
        return dma.map(map.address(), map.size(), map.offset(), map.flags(), fds.takeFds());
    }

    int unmap(Memory frame, int size) {
        int needed = VfioUserDmaUnmap.LAYOUT.size();
        if (size < VfioUserHeader.SIZE + needed) {
            return EINVAL;
        }
        VfioUserDmaUnmap unmap = VfioUserDmaUnmap.read(frame, VfioUserHeader.SIZE);
        if (Integer.compareUnsigned(unmap.argsz(), needed) < 0) {
            return EINVAL;
        }
        int result =
                switch (unmap.flags()) {
                    case 0 -> dma.unmap(unmap.address(), unmap.size());
                    case Vfio.VFIO_DMA_UNMAP_FLAG_ALL -> unmapAll(unmap);
                    default -> EINVAL;
                };
        if (result != 0) {
            return result;
        }
        reply.frame().copy(frame, VfioUserHeader.SIZE, Reply.PAYLOAD, needed);
        return needed;
    }

    private int unmapAll(VfioUserDmaUnmap unmap) {
        if (unmap.address() != 0 || unmap.size() != 0) {
            return EINVAL;
        }
        dma.unmapAll();
        return 0;
    }
}
