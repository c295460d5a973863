/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.InfoCapability;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioRegionInfo;
import io.vfio4j.uapi.VfioRegionInfoCapSparseMmap;
import io.vfio4j.uapi.VfioRegionSparseMmapArea;

import java.util.ArrayList;
import java.util.List;

/**
 * What a region info and its capabilities say, once doubted.
 *
 * @param info the structure
 * @param capabilities what follows it
 * @param areas the parts that can be mapped
 */
record RegionDescription(
        VfioRegionInfo info,
        List<InfoCapability> capabilities,
        List<RegionInfo.MappableArea> areas) {
    /** Bytes to offer for a description at first. */
    static final int FIRST_ARGSZ = 4096;

    /** Bytes beyond which no description is believed. */
    static final int MAX_ARGSZ = 64 * 1024;

    /**
     * Reads a description.
     *
     * @param at where the structure starts
     * @param length bytes of it and its capabilities
     * @param index the region that was asked about
     * @throws IllegalArgumentException with the sentence, if it cannot be true
     */
    static RegionDescription read(Memory memory, long at, int length, int index) {
        VfioRegionInfo info = VfioRegionInfo.read(memory, at);
        if (info.size() < 0) {
            throw new IllegalArgumentException(
                    "it claims that region %d has %s bytes"
                            .formatted(index, Long.toUnsignedString(info.size())));
        }
        List<InfoCapability> capabilities = List.of();
        if ((info.flags() & Vfio.VFIO_REGION_INFO_FLAG_CAPS) != 0 && info.capOffset() != 0) {
            if (info.capOffset() < VfioRegionInfo.LAYOUT.size()) {
                throw new IllegalArgumentException(
                        "the capabilities of region %d overlap its description".formatted(index));
            }
            try {
                capabilities = InfoCapability.chain(memory, at, length, info.capOffset());
            } catch (IllegalArgumentException malformed) {
                throw malformed(index, malformed);
            }
        }
        return new RegionDescription(
                info, capabilities, areas(memory, at, length, index, info, capabilities));
    }

    /** The parts that can be mapped: those of the capability, or else the whole. */
    private static List<RegionInfo.MappableArea> areas(
            Memory memory,
            long at,
            int length,
            int index,
            VfioRegionInfo info,
            List<InfoCapability> capabilities) {
        if ((info.flags() & Vfio.VFIO_REGION_INFO_FLAG_MMAP) == 0 || info.size() == 0) {
            return List.of();
        }
        List<RegionInfo.MappableArea> areas = new ArrayList<>();
        boolean sparse = false;
        for (InfoCapability capability : capabilities) {
            if (capability.id() == Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
                sparse = true;
                for (VfioRegionSparseMmapArea area :
                        sparseAreas(memory, at, length, index, capability)) {
                    if (area.offset() < 0
                            || area.size() < 1
                            || area.offset() > info.size() - area.size()) {
                        throw new IllegalArgumentException(
                                "%d bytes at 0x%x are to be mapped of region %d, which has %d"
                                        .formatted(area.size(), area.offset(), index, info.size()));
                    }
                    areas.add(new RegionInfo.MappableArea(area.offset(), area.size()));
                }
            }
        }
        if (!sparse) {
            areas.add(new RegionInfo.MappableArea(0, info.size()));
        }
        if (info.offset() < 0 || info.offset() > Long.MAX_VALUE - info.size()) {
            throw new IllegalArgumentException(
                    "region %d is to be mapped from %s on"
                            .formatted(index, Long.toUnsignedString(info.offset())));
        }
        return areas;
    }

    private static List<VfioRegionSparseMmapArea> sparseAreas(
            Memory memory, long at, int length, int index, InfoCapability capability) {
        try {
            return VfioRegionInfoCapSparseMmap.areas(memory, at + capability.offset(), at + length);
        } catch (IllegalArgumentException | IndexOutOfBoundsException malformed) {
            throw malformed(index, malformed);
        }
    }

    private static IllegalArgumentException malformed(int index, RuntimeException malformed) {
        return new IllegalArgumentException(
                "its description of region %d: %s".formatted(index, malformed.getMessage()),
                malformed);
    }

    /**
     * What the caller gets to see.
     *
     * @param mappable whether there is something to map the region by
     */
    RegionInfo region(int index, boolean mappable) {
        return new RegionInfo(
                index,
                info.size(),
                (info.flags() & Vfio.VFIO_REGION_INFO_FLAG_READ) != 0,
                (info.flags() & Vfio.VFIO_REGION_INFO_FLAG_WRITE) != 0,
                mappable ? areas : List.of(),
                capabilities.stream()
                        .map(c -> new RegionInfo.RegionCapability(c.id(), c.version()))
                        .toList());
    }
}
