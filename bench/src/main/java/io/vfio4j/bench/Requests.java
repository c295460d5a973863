/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.VfioUserCommand;
import io.vfio4j.uapi.VfioUserHeader;

/** Region accesses, put together in a connection's buffer. */
final class Requests {
    /** Bytes of a region access without its data: a read, or a write's reply. */
    static final int ACCESS = VfioUserHeader.SIZE + RegionAccess.SIZE;

    private static final int REGION_READ = VfioUserCommand.REGION_READ.number();
    private static final int REGION_WRITE = VfioUserCommand.REGION_WRITE.number();

    private Requests() {}

    /**
     * A REGION_READ.
     *
     * @return its size
     */
    static int read(Memory out, int at, int region, long offset, int count) {
        VfioUserHeader.writeCommand(out, at, 0, REGION_READ, ACCESS, false);
        RegionAccess.write(out, at + VfioUserHeader.SIZE, offset, region, count);
        return ACCESS;
    }

    /**
     * A REGION_WRITE; its data is whatever lies in the buffer behind {@link #ACCESS}.
     *
     * @return its size
     */
    static int write(Memory out, int at, int region, long offset, int count, boolean posted) {
        VfioUserHeader.writeCommand(out, at, 0, REGION_WRITE, ACCESS + count, posted);
        RegionAccess.write(out, at + VfioUserHeader.SIZE, offset, region, count);
        return ACCESS + count;
    }

    /** Gives a request its id, of which the low 16 bits count. */
    static void setId(Memory out, int at, int id) {
        out.putShort(at + VfioUserHeader.ID, (short) id);
    }
}
