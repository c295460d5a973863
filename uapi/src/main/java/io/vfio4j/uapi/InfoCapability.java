/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

import java.util.ArrayList;
import java.util.List;

/**
 * One capability of an info structure: device, region or IOMMU info.
 *
 * @param id which capability, 0 to 65535
 * @param version version of its content, 0 to 65535
 * @param offset bytes from the start of the info structure to its {@link VfioInfoCapHeader}
 */
public record InfoCapability(int id, int version, int offset) {
    /**
     * The chain of capabilities of an info structure, in its order.
     *
     * @param at where the info structure starts
     * @param length bytes of the info structure and its capabilities
     * @param first bytes from the start to the first capability ({@code cap_offset}), 0 for none
     * @throws IllegalArgumentException if the chain leaves the structure or never ends
     */
    public static List<InfoCapability> chain(Memory memory, long at, int length, int first) {
        List<InfoCapability> chain = new ArrayList<>();
        int header = VfioInfoCapHeader.LAYOUT.size();
        int offset = first;
        while (offset != 0) {
            if (offset < 0 || offset > length - header) {
                throw new IllegalArgumentException(
                        "capability at offset %d of an info of %d bytes"
                                .formatted(Integer.toUnsignedLong(offset), length));
            }
            // Headers cannot overlap in an honest chain, so a longer one runs in a circle.
            if (chain.size() > length / header) {
                throw new IllegalArgumentException("the chain of capabilities never ends");
            }
            var found = VfioInfoCapHeader.read(memory, at + offset);
            chain.add(new InfoCapability(found.id(), found.version(), offset));
            offset = found.next();
        }
        return List.copyOf(chain);
    }
}
