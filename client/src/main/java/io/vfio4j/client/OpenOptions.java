/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/**
 * How to talk to a device.
 *
 * @param answerTimeout how long one request may go unanswered before the connection is given up;
 *     more than zero. A device that must leave D3cold answers late: allow for its wake-up.
 * @param maxTransfer bytes that one message moves at most, 8 to 1048576; what is longer is split.
 *     The device may ask for less. Libvfio-user's servers fail on a message that does not arrive in
 *     one piece: for large writes to them, 32768 is safe.
 * @param kernelInterface how a real device is opened
 * @param vfToken the secret that an SR-IOV virtual function and its physical function share:
 *     opening the physical one sets it, opening a virtual one must know it (spec B8)
 */
public record OpenOptions(
        Duration answerTimeout,
        int maxTransfer,
        KernelInterface kernelInterface,
        Optional<UUID> vfToken) {
    /** Ten seconds, 1 MiB a message, the kernel's newer interface if there is one, no token. */
    public static final OpenOptions DEFAULTS =
            new OpenOptions(
                    Duration.ofSeconds(10), 1 << 20, KernelInterface.AUTOMATIC, Optional.empty());

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
        return new OpenOptions(timeout, maxTransfer, kernelInterface, vfToken);
    }

    /** These options with another limit of a message. */
    public OpenOptions withMaxTransfer(int bytes) {
        return new OpenOptions(answerTimeout, bytes, kernelInterface, vfToken);
    }

    /** These options with another interface of the kernel. */
    public OpenOptions withKernelInterface(KernelInterface by) {
        return new OpenOptions(answerTimeout, maxTransfer, by, vfToken);
    }

    /** These options with a token. */
    public OpenOptions withVfToken(UUID token) {
        return new OpenOptions(answerTimeout, maxTransfer, kernelInterface, Optional.of(token));
    }
}
