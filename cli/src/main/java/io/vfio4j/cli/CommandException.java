/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.cli;

/**
 * A command that could not do what it was asked; the message is one sentence: what, where, what to
 * do.
 */
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CommandException(String message) {
        super(message);
    }

    CommandException(String message, Throwable cause) {
        super(message, cause);
    }
}
