/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.io.Serial;

/** A load got an answer that ends its row; the connection is of no use any more. */
final class RowFailure extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    RowFailure(String message) {
        super(message);
    }

    RowFailure(String message, Throwable cause) {
        super(message, cause);
    }

    /** The reason, for the row. */
    String reason() {
        return String.valueOf(getMessage());
    }
}
