/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.VfioIrqSet;

import java.util.List;

/**
 * An interrupt that is alone in its index and that nobody can mask, such as REQ and PME: for one
 * who serves it without a device behind it.
 *
 * <p>Threads: any. Neither method blocks.
 */
public final class UnmaskedInterrupt implements AutoCloseable {
    private final VectorSet vectors = new VectorSet(1);

    /** One that leads nowhere yet. */
    public UnmaskedInterrupt() {}

    /**
     * SET_IRQS of its index.
     *
     * @param request the fixed part
     * @param available bytes of the request, the fixed part included
     * @param data the booleans after the fixed part
     * @param fds the descriptors that came with it; taken over, whatever the answer
     * @return 0 or minus an errno
     */
    public int set(VfioIrqSet request, int available, byte[] data, List<Fd> fds) {
        try {
            int refusal = SetIrqs.check(request, available, fds, vectors.size());
            return refusal != 0 ? refusal : SetIrqs.act(vectors, request, data, fds);
        } finally {
            // What was put to use is an EventFd by now and has left the list.
            fds.forEach(Fd::close);
        }
    }

    /** Signals it, if it leads anywhere. */
    public void signal() {
        vectors.signal(0);
    }

    /** It leads nowhere any more: the client is gone. It can be set up anew. */
    @Override
    public void close() {
        vectors.clear();
    }
}
