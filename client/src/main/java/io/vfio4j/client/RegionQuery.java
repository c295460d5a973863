/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.InfoCapability;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioRegionInfo;
import io.vfio4j.uapi.VfioRegionInfoCapSparseMmap;
import io.vfio4j.uapi.VfioRegionSparseMmapArea;
import io.vfio4j.uapi.VfioUserCommand;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** DEVICE_GET_REGION_INFO, and the doubts about its answer. */
final class RegionQuery {
    private static final int FIRST_ARGSZ = 4096;
    private static final int MAX_ARGSZ = 64 * 1024;
    private static final int PAYLOAD = Frames.PAYLOAD;

    private final VfioUserConnection connection;
    private final int index;

    private RegionQuery(VfioUserConnection connection, int index) {
        this.connection = connection;
        this.index = index;
    }

    /** Asks, as the thread inside the connection. */
    static MappableRegion ask(VfioUserConnection connection, int index) {
        return new RegionQuery(connection, index).ask();
    }

    private MappableRegion ask() {
        int size = VfioRegionInfo.LAYOUT.size();
        int length = ask(FIRST_ARGSZ);
        VfioRegionInfo info = VfioRegionInfo.read(connection.in, PAYLOAD);
        long needed = Integer.toUnsignedLong(info.argsz());
        if (needed > length && needed > FIRST_ARGSZ) {
            if (needed > MAX_ARGSZ) {
                throw connection.violation(
                        "it needs %d bytes to describe region %d".formatted(needed, index));
            }
            length = ask((int) needed);
            info = VfioRegionInfo.read(connection.in, PAYLOAD);
        }
        if (info.size() < 0) {
            throw connection.violation(
                    "it claims that region %d has %s bytes"
                            .formatted(index, Long.toUnsignedString(info.size())));
        }
        List<InfoCapability> capabilities = List.of();
        if ((info.flags() & Vfio.VFIO_REGION_INFO_FLAG_CAPS) != 0 && info.capOffset() != 0) {
            if (info.capOffset() < size) {
                throw connection.violation(
                        "the capabilities of region %d overlap its description".formatted(index));
            }
            try {
                capabilities =
                        InfoCapability.chain(connection.in, PAYLOAD, length, info.capOffset());
            } catch (IllegalArgumentException malformed) {
                throw malformed(malformed);
            }
        }
        List<RegionInfo.MappableArea> areas = areas(info, capabilities, length);
        Fd descriptor = takeDescriptor(!areas.isEmpty());
        RegionInfo result =
                new RegionInfo(
                        index,
                        info.size(),
                        (info.flags() & Vfio.VFIO_REGION_INFO_FLAG_READ) != 0,
                        (info.flags() & Vfio.VFIO_REGION_INFO_FLAG_WRITE) != 0,
                        descriptor == null ? List.of() : areas,
                        capabilities.stream()
                                .map(c -> new RegionInfo.RegionCapability(c.id(), c.version()))
                                .toList());
        return new MappableRegion(result, info.offset(), descriptor);
    }

    private int ask(int argsz) {
        int size = VfioRegionInfo.LAYOUT.size();
        new VfioRegionInfo(argsz, 0, index, 0, 0, 0).write(connection.out, PAYLOAD);
        int length =
                connection.callForDescriptors(VfioUserCommand.DEVICE_GET_REGION_INFO, size, argsz);
        if (length < 0) {
            Errno errno = Errno.of(-length);
            throw new VfioException(
                    errno,
                    "asking for region %d of %s: %s (%s)"
                            .formatted(
                                    index, connection.device(), errno.name(), errno.description()));
        }
        if (length < size) {
            throw connection.violation(
                    "it describes region %d in %d bytes of %d".formatted(index, length, size));
        }
        return length;
    }

    /** The parts that can be mapped: those of the capability, or else the whole. */
    private List<RegionInfo.MappableArea> areas(
            VfioRegionInfo info, List<InfoCapability> capabilities, int length) {
        if ((info.flags() & Vfio.VFIO_REGION_INFO_FLAG_MMAP) == 0 || info.size() == 0) {
            return List.of();
        }
        List<RegionInfo.MappableArea> areas = new ArrayList<>();
        boolean sparse = false;
        for (InfoCapability capability : capabilities) {
            if (capability.id() == Vfio.VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
                sparse = true;
                for (VfioRegionSparseMmapArea area : sparseAreas(capability, length)) {
                    if (area.offset() < 0
                            || area.size() < 1
                            || area.offset() > info.size() - area.size()) {
                        throw connection.violation(
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
            throw connection.violation(
                    "region %d is to be mapped from %s on"
                            .formatted(index, Long.toUnsignedString(info.offset())));
        }
        return areas;
    }

    private List<VfioRegionSparseMmapArea> sparseAreas(InfoCapability capability, int length) {
        try {
            return VfioRegionInfoCapSparseMmap.areas(
                    connection.in, (long) PAYLOAD + capability.offset(), (long) PAYLOAD + length);
        } catch (IllegalArgumentException | IndexOutOfBoundsException malformed) {
            throw malformed(malformed);
        }
    }

    private ProtocolViolationException malformed(RuntimeException malformed) {
        return connection.violation(
                "its description of region %d: %s".formatted(index, malformed.getMessage()));
    }

    /** The region's one descriptor; null without one, which makes the region one to be read. */
    private @Nullable Fd takeDescriptor(boolean wanted) {
        int count = connection.bag.count();
        if (connection.bag.truncated()) {
            throw new VfioException(
                    Errno.EMFILE,
                    ("the descriptor of region %d of %s could not be received: raise this"
                                    + " process's limit of descriptors (ulimit -n)")
                            .formatted(index, connection.device()));
        }
        if (count > 1) {
            throw connection.violation(
                    "region %d came with %d descriptors".formatted(index, count));
        }
        return wanted && count == 1 ? connection.bag.take(0) : null;
    }
}
