/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/**
 * The other side did not answer within {@link OpenOptions#answerTimeout}, or took nothing for that
 * long. The connection has been closed: nobody can tell whether the request was or will be done, so
 * a late answer has no one left to go to.
 */
public class DeviceTimeoutException extends ConnectionLostException {
    private static final long serialVersionUID = 1L;

    DeviceTimeoutException(String message) {
        super(Errno.ETIMEDOUT, message);
    }
}
