/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

/** A command line that means nothing; the message is one sentence that says why. */
final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
