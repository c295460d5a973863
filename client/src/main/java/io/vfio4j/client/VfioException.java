/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

/**
 * A request that did not succeed. The message is one sentence: what was asked of which device, why
 * it failed, and what to do where that is known. Where callers decide by the reason there is a
 * subclass.
 */
public class VfioException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * Describes a failure.
     *
     * @param errno the reason
     * @param message the sentence
     */
    public VfioException(Errno errno, String message) {
        super(message);
        this.errno = errno.number();
    }

    /**
     * Describes a failure that another one caused.
     *
     * @param errno the reason
     * @param message the sentence
     * @param cause the other one
     */
    public VfioException(Errno errno, String message, Throwable cause) {
        super(message, cause);
        this.errno = errno.number();
    }

    /**
     * Returns the reason.
     *
     * @return what the device answered, or what comes nearest if it was not the device that failed
     */
    public Errno errno() {
        return Errno.of(errno);
    }
}
