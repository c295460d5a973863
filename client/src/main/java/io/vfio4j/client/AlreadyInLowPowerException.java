/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/**
 * The device may sleep already: EINVAL on an entry while an earlier one holds (spec A2 step 15).
 * The earlier entry stays as it was: a wakeup given with it is still armed (spec J).
 */
public class AlreadyInLowPowerException extends VfioException {
    private static final long serialVersionUID = 1L;

    AlreadyInLowPowerException(String message) {
        super(Errno.EINVAL, message);
    }
}
