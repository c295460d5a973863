/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

import io.vfio4j.linux.Fd;

import java.util.List;
import java.util.Optional;

/**
 * A region as GET_REGION_INFO tells of it.
 *
 * @param size bytes; 0 for a region that the function does not have
 * @param readable whether it can be read
 * @param writable whether it can be written
 * @param mappable what of it a client may map; empty if nothing
 */
public record RegionDescription(
        long size, boolean readable, boolean writable, Optional<Mappable> mappable) {
    /** A region of which nothing can be mapped, to be read and written if there is any of it. */
    public static RegionDescription ofSize(long size) {
        return new RegionDescription(size, size > 0, size > 0, Optional.empty());
    }

    /**
     * The parts that a client may map.
     *
     * @param file what to map; stays the device's
     * @param offset where the region starts in it, bytes
     * @param areas the parts, in whole pages; at least one
     * @param msixMappable whether the MSI-X table may lie in them ({@code
     *     VFIO_REGION_INFO_CAP_MSIX_MAPPABLE})
     */
    public record Mappable(Fd file, long offset, List<Area> areas, boolean msixMappable) {
        /**
         * Copies the list.
         *
         * @throws IllegalArgumentException if it is empty: then nothing is mappable
         */
        public Mappable {
            areas = List.copyOf(areas);
            if (areas.isEmpty()) {
                throw new IllegalArgumentException("mappable without an area to map");
            }
        }
    }

    /**
     * A part of a region.
     *
     * @param offset bytes from the region's start
     * @param size bytes
     */
    public record Area(long offset, long size) {}
}
