/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

/**
 * A client broke the framing, so that nothing that follows can be trusted: the connection is
 * closed, and the message says why in the log.
 */
final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ProtocolException(String message) {
        super(message);
    }
}
