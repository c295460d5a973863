/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.time.Duration;

/**
 * How to talk to a device.
 *
 * @param answerTimeout how long one request may go unanswered before the connection is given up;
 *     more than zero. A device that must leave D3cold answers late: allow for its wake-up.
 * @param maxTransfer bytes that one message moves at most, 8 to 1048576; what is longer is split.
 *     The device may ask for less. Libvfio-user's servers fail on a message that does not arrive in
 *     one piece: for large writes to them, 32768 is safe.
 */
public record OpenOptions(Duration answerTimeout, int maxTransfer) {
    /** Ten seconds, and 1 MiB a message. */
    public static final OpenOptions DEFAULTS = new OpenOptions(Duration.ofSeconds(10), 1 << 20);

    /** Refuses what is out of range. */
    public OpenOptions {
        if (answerTimeout.isNegative() || answerTimeout.isZero()) {
            throw new IllegalArgumentException(
                    "an answer's timeout is more than zero: " + answerTimeout);
        }
        if (maxTransfer < Long.BYTES || maxTransfer > 1 << 20) {
            throw new IllegalArgumentException(
                    "one message moves 8 to 1048576 bytes: " + maxTransfer);
        }
    }

    /** These options with another timeout. */
    public OpenOptions withAnswerTimeout(Duration timeout) {
        return new OpenOptions(timeout, maxTransfer);
    }

    /** These options with another limit of a message. */
    public OpenOptions withMaxTransfer(int bytes) {
        return new OpenOptions(answerTimeout, bytes);
    }
}
