/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Mapping;
import io.vfio4j.linux.MappingFaultException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.VfioPci;

import java.util.ArrayList;
import java.util.List;

/**
 * The mapped parts of a region: accesses reach the device's memory without a request.
 *
 * <p>It is a gate, not a pointer: each access, while nothing answers, throws {@link
 * BarAsleepException} and harms nothing. The same object works again once the device has left low
 * power (spec B4). An access never wakes the device.
 *
 * <p>Offsets are bytes from the start of the region. One outside the mapped parts throws
 * IndexOutOfBoundsException, one that is not a multiple of the accessor's width
 * IllegalArgumentException, a write to a region that is not writable UnsupportedOperationException.
 * Accessors are little-endian, one access of their width, in program order of the compiler, and
 * allocate nothing.
 *
 * <p>Lifetime: from {@link VfioDevice#map} to {@link #close}; access afterwards throws
 * IllegalStateException. Threads: any.
 */
public final class MappedBar implements AutoCloseable {
    private final String device;
    private final int region;
    private final List<RegionInfo.MappableArea> areas;
    private final long[] starts;
    private final Mapping[] mappings;

    MappedBar(
            String device,
            int region,
            List<RegionInfo.MappableArea> areas,
            List<Mapping> mappings) {
        this.device = device;
        this.region = region;
        this.areas = List.copyOf(areas);
        this.starts = areas.stream().mapToLong(RegionInfo.MappableArea::offset).toArray();
        this.mappings = mappings.toArray(Mapping[]::new);
    }

    /** The region's index. */
    public int region() {
        return region;
    }

    /** The parts that are mapped. */
    public List<RegionInfo.MappableArea> areas() {
        return areas;
    }

    /** Reads one byte. */
    public byte getByte(long offset) {
        int area = find(offset, 1);
        try {
            return mappings[area].getByte(offset - starts[area]);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Reads two bytes. */
    public short getShort(long offset) {
        int area = find(offset, 2);
        try {
            return mappings[area].getShort(offset - starts[area]);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Reads four bytes. */
    public int getInt(long offset) {
        int area = find(offset, 4);
        try {
            return mappings[area].getInt(offset - starts[area]);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Reads eight bytes. */
    public long getLong(long offset) {
        int area = find(offset, 8);
        try {
            return mappings[area].getLong(offset - starts[area]);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Writes one byte. */
    public void putByte(long offset, byte value) {
        int area = find(offset, 1);
        try {
            mappings[area].putByte(offset - starts[area], value);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Writes two bytes. */
    public void putShort(long offset, short value) {
        int area = find(offset, 2);
        try {
            mappings[area].putShort(offset - starts[area], value);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Writes four bytes. */
    public void putInt(long offset, int value) {
        int area = find(offset, 4);
        try {
            mappings[area].putInt(offset - starts[area], value);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Writes eight bytes. */
    public void putLong(long offset, long value) {
        int area = find(offset, 8);
        try {
            mappings[area].putLong(offset - starts[area], value);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Copies {@code length} bytes, of one mapped part, out into an array. */
    public void get(long offset, byte[] destination, int destinationOffset, int length) {
        int area = find(offset, length);
        try {
            mappings[area].get(offset - starts[area], destination, destinationOffset, length);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /**
     * Copies {@code length} bytes, of one mapped part, in from an array. If it throws {@link
     * BarAsleepException}, some of the bytes may have been written.
     */
    public void put(long offset, byte[] source, int sourceOffset, int length) {
        int area = find(offset, length);
        try {
            mappings[area].put(offset - starts[area], source, sourceOffset, length);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Copies {@code length} bytes, of one mapped part, out into a block. */
    public void copyTo(long offset, Memory destination, long destinationOffset, long length) {
        int area = find(offset, length);
        try {
            mappings[area].copyTo(offset - starts[area], destination, destinationOffset, length);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Copies {@code length} bytes, of one mapped part, in from a block; as {@link #put}. */
    public void copyFrom(long offset, Memory source, long sourceOffset, long length) {
        int area = find(offset, length);
        try {
            mappings[area].copyFrom(offset - starts[area], source, sourceOffset, length);
        } catch (MappingFaultException fault) {
            throw asleep(area, fault);
        }
    }

    /** Unmaps, once accessors inside have left. Closing again does nothing. */
    @Override
    public void close() {
        for (Mapping mapping : mappings) {
            mapping.close();
        }
    }

    @Override
    public String toString() {
        return "mapped region %d of %s".formatted(region, device);
    }

    private int find(long offset, long length) {
        for (int i = 0; i < starts.length; i++) {
            // Sizes are at most 2^63 - 1 - start, so nothing overflows.
            long inside = offset - starts[i];
            if (offset >= starts[i]
                    && inside < mappings[i].size()
                    && length >= 0
                    && length <= mappings[i].size() - inside) {
                return i;
            }
        }
        throw outside(offset, length);
    }

    private IndexOutOfBoundsException outside(long offset, long length) {
        List<String> parts = new ArrayList<>();
        for (RegionInfo.MappableArea area : areas) {
            parts.add("[0x%x, 0x%x)".formatted(area.offset(), area.offset() + area.size()));
        }
        return new IndexOutOfBoundsException(
                "%d bytes at 0x%x of region %d%s: mapped are %s, read and write the rest by the device"
                        .formatted(
                                length,
                                offset,
                                region,
                                region <= VfioPci.VFIO_PCI_BAR5_REGION_INDEX ? " (a BAR)" : "",
                                String.join(", ", parts)));
    }

    private BarAsleepException asleep(int area, MappingFaultException fault) {
        return new BarAsleepException(device, region, starts[area] + fault.offset(), fault);
    }
}
