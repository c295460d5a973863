/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.io.Serial;

/** Nothing can be measured; the message is one sentence for the user: what, where, what to do. */
public final class BenchException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    BenchException(String message) {
        super(message);
    }

    BenchException(String message, Throwable cause) {
        super(message, cause);
    }
}
