/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/** The other side sent what the protocol does not allow. The connection has been closed. */
public class ProtocolViolationException extends ConnectionLostException {
    private static final long serialVersionUID = 1L;

    ProtocolViolationException(String message) {
        super(Errno.EPROTO, message);
    }
}
