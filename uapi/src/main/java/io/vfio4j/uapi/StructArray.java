/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** The array of unstated length at the end of a structure that a peer sent. */
final class StructArray {
    private StructArray() {}

    /**
     * Reads {@code count} (u32) elements that follow the structure at {@code at}; the count is the
     * peer's, so it is compared with the room there is before anything is allocated.
     */
    static <T> List<T> read(
            StructLayout owner,
            StructLayout element,
            int count,
            long at,
            long end,
            LongFunction<T> reader) {
        long start = at + owner.size();
        long wanted = Integer.toUnsignedLong(count);
        if (wanted * element.size() > end - start) {
            throw new IllegalArgumentException(
                    "struct %s announces %d elements of %d bytes, but %d bytes follow it"
                            .formatted(
                                    owner.name(),
                                    wanted,
                                    element.size(),
                                    Math.max(0, end - start)));
        }
        List<T> elements = new ArrayList<>((int) wanted);
        for (long i = 0; i < wanted; i++) {
            elements.add(reader.apply(start + i * element.size()));
        }
        return List.copyOf(elements);
    }
}
