/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/**
 * There is no device at the target: for vfio-user, nobody listens at that path; for a PCI address,
 * nothing sits there, or it was removed.
 */
public class DeviceNotFoundException extends VfioException {
    private static final long serialVersionUID = 1L;

    DeviceNotFoundException(Errno errno, String message) {
        super(errno, message);
    }

    DeviceNotFoundException(Errno errno, String message, Throwable cause) {
        super(errno, message, cause);
    }
}
