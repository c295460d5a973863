/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;

import java.util.List;

/**
 * What a region can be mapped by, in this process or in one that is given the descriptor: {@link
 * VfioDevice#regionFile}.
 *
 * @param file the descriptor, which stays the device's; a duplicate, or a mapping of it, keeps a
 *     device of this machine open (spec B3)
 * @param offset where the region starts in it, bytes
 * @param areas the parts that can be mapped, by their place in the region: one that begins at 4096
 *     is mapped from {@code offset + 4096} on
 */
public record RegionFile(Fd file, long offset, List<RegionInfo.MappableArea> areas) {
    /** Copies the list. */
    public RegionFile {
        areas = List.copyOf(areas);
    }
}
