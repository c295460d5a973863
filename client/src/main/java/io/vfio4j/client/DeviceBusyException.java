/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/** Another client has the device: EBUSY. */
public class DeviceBusyException extends VfioException {
    private static final long serialVersionUID = 1L;

    DeviceBusyException(String message) {
        super(Errno.EBUSY, message);
    }
}
