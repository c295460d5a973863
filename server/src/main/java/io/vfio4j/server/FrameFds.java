/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.linux.Fd;

import java.util.List;

/** The descriptors that came with a frame. */
interface FrameFds {

    /** Whether some were lost in transit, or were more than VERSION allows. */
    boolean fdsRefused();

    /**
     * Takes them over.
     *
     * @return a list that can be changed, empty for most frames
     */
    List<Fd> takeFds();

    /** Closes what nobody has taken: a client must not park its descriptors here. */
    void closeFds();
}
