/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import io.vfio4j.device.RegionDescription.Area;
import io.vfio4j.device.RegionDescription.Mappable;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioInfoCapHeader;

/**
 * The capabilities behind GET_REGION_INFO's fixed part: which areas can be mapped, and whether the
 * MSI-X table may lie in them.
 */
final class RegionCapabilities {
    private static final int VERSION = 1;
    private static final int HEADER = VfioInfoCapHeader.LAYOUT.size();

    /** The header of SPARSE_MMAP, nr_areas and reserved. */
    private static final int SPARSE = HEADER + 8;

    /** Offset and size. */
    private static final int AREA = 16;

    private RegionCapabilities() {}

    /** How many bytes they take. */
    static int size(Mappable mappable) {
        return sparseSize(mappable) + (mappable.msixMappable() ? HEADER : 0);
    }

    private static int sparseSize(Mappable mappable) {
        return SPARSE + AREA * mappable.areas().size();
    }

    /**
     * Writes them.
     *
     * @param mappable what to tell
     * @param frame where to
     * @param info where struct vfio_region_info starts in it, from which offsets are counted
     * @param first where the first capability starts, counted from there
     */
    static void write(Mappable mappable, Memory frame, long info, int first) {
        int behind = first + sparseSize(mappable);
        int next = mappable.msixMappable() ? behind : 0;
        header(Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP, next, frame, info + first);
        frame.putInt(info + first + HEADER, mappable.areas().size());
        frame.putInt(info + first + HEADER + 4, 0);
        long at = info + first + SPARSE;
        for (Area area : mappable.areas()) {
            frame.putLong(at, area.offset());
            frame.putLong(at + 8, area.size());
            at += AREA;
        }
        if (mappable.msixMappable()) {
            header(Vfio.VFIO_REGION_INFO_CAP_MSIX_MAPPABLE, 0, frame, info + behind);
        }
    }

    private static void header(int capability, int next, Memory frame, long at) {
        new VfioInfoCapHeader(capability, VERSION, next).write(frame, at);
    }
}
