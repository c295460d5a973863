/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/**
 * A write to a BAR that an eventfd stands for: {@link VfioDevice#addIoEventFd}.
 *
 * @param region a BAR's index, 0 to 5
 * @param offset bytes from its start, a multiple of the width
 * @param width 1, 2, 4 or 8 bytes
 * @param value what is written, in the lowest bytes
 */
public record IoEvent(int region, long offset, int width, long value) {
    /** Refuses a width that does not exist. */
    public IoEvent {
        if (width != 1 && width != 2 && width != 4 && width != 8) {
            throw new IllegalArgumentException(
                    "a write has 1, 2, 4 or 8 bytes, not %d".formatted(width));
        }
    }
}
