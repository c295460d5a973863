/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/**
 * The connection to the device ended, by the other side's doing or because it could not be trusted
 * any more. Every later call on that device throws this too: open it again.
 */
public class ConnectionLostException extends VfioException {
    private static final long serialVersionUID = 1L;

    ConnectionLostException(Errno errno, String message) {
        super(errno, message);
    }

    ConnectionLostException(Errno errno, String message, Throwable cause) {
        super(errno, message, cause);
    }
}
