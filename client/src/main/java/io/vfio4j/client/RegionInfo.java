/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.util.List;

/**
 * What a region is.
 *
 * @param index the region's index, such as {@link
 *     io.vfio4j.uapi.VfioPci#VFIO_PCI_CONFIG_REGION_INDEX}
 * @param size bytes; 0 if the device has no such region
 * @param readable whether it can be read
 * @param writable whether it can be written
 * @param mappable the parts that {@link VfioDevice#map} maps; empty if none
 * @param capabilities what more is told of it
 */
public record RegionInfo(
        int index,
        long size,
        boolean readable,
        boolean writable,
        List<MappableArea> mappable,
        List<RegionCapability> capabilities) {
    /** Copies the lists. */
    public RegionInfo {
        mappable = List.copyOf(mappable);
        capabilities = List.copyOf(capabilities);
    }

    /**
     * A part of a region that can be mapped.
     *
     * @param offset bytes from the start of the region
     * @param size bytes
     */
    public record MappableArea(long offset, long size) {}

    /**
     * A capability of a region.
     *
     * @param id {@code VFIO_REGION_INFO_CAP_*}
     * @param version the version of its content
     */
    public record RegionCapability(int id, int version) {
        /** The name in linux/vfio.h, in lower case, or the number. */
        public String name() {
            return switch (id) {
                case io.vfio4j.uapi.Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP -> "sparse_mmap";
                case io.vfio4j.uapi.Vfio.VFIO_REGION_INFO_CAP_TYPE -> "type";
                case io.vfio4j.uapi.Vfio.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE -> "msix_mappable";
                default -> Integer.toString(id);
            };
        }
    }
}
