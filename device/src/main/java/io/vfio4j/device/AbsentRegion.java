/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Memory;

/** A region of the index range that the function does not have: a missing BAR, ROM or VGA. */
enum AbsentRegion implements Region {
    ABSENT;

    @Override
    public long size() {
        return 0;
    }

    @Override
    public int read(long offset, int count, Memory target, long at) {
        return EINVAL;
    }

    @Override
    public int write(long offset, int count, Memory source, long at) {
        return EINVAL;
    }
}
