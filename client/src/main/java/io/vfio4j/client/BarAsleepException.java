/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/**
 * An access through a {@link MappedBar} while nothing answers there: the device is in low power,
 * from {@link VfioDevice#enterLowPower} until it is left, whether it sleeps already or not; or its
 * memory is disabled in the command register; or it is in D3hot (spec B4). An access does not wake
 * the device. A read gave no value, a single write had no effect.
 */
public class BarAsleepException extends VfioException {
    private static final long serialVersionUID = 1L;

    private final int region;
    private final long offset;

    BarAsleepException(String device, int region, long offset, Throwable cause) {
        super(
                Errno.EFAULT,
                ("nothing answers at 0x%x of mapped region %d of %s: the device is in low power (leave"
                                + " it by exitLowPower or wait for the wakeup), or its memory is disabled or"
                                + " it is in D3hot (see COMMAND and PMCSR)")
                        .formatted(offset, region, device),
                cause);
        this.region = region;
        this.offset = offset;
    }

    /**
     * Returns which region was accessed.
     *
     * @return its index
     */
    public int region() {
        return region;
    }

    /**
     * Returns where the access began.
     *
     * @return bytes from the start of the region
     */
    public long offset() {
        return offset;
    }
}
