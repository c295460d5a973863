/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.linux.ShortTransferException;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioRegionInfo;

import org.jspecify.annotations.Nullable;

import java.util.Objects;
import java.util.Optional;

/**
 * A device's regions: what they are, and reads and writes of them by one pread or pwrite each, of
 * just the width that was asked for. Values allocate nothing.
 */
final class KernelRegions {
    /** Bytes that one system call moves at most; the kernel itself stops just below 2 GiB. */
    private static final long MOST = 1L << 30;

    private final KernelHandle handle;

    /** As they were when the device was opened; null for those that the kernel does not tell. */
    private final @Nullable MappableRegion[] known;

    private final RegionPlaces places;

    /** Regions that are known already. */
    KernelRegions(KernelHandle handle, @Nullable MappableRegion[] known, RegionPlaces places) {
        this.handle = handle;
        this.known = known;
        this.places = places;
    }

    /** Asks about all of them, while the device is awake because it was opened just now. */
    static KernelRegions of(KernelHandle handle, int count) {
        MappableRegion[] known = new MappableRegion[count];
        long[] starts = new long[count];
        for (int i = 0; i < count; i++) {
            try {
                known[i] = ask(handle, i);
                starts[i] = known[i].offset();
            } catch (VfioException refused) {
                // As for the VGA region of a device without one.
                if (!refused.errno().equals(Errno.EINVAL)) {
                    throw refused;
                }
                starts[i] = RegionPlaces.NOWHERE;
            }
        }
        return new KernelRegions(handle, known, new RegionPlaces(starts));
    }

    RegionInfo region(int index) {
        return ask(handle, index).info();
    }

    private static MappableRegion ask(KernelHandle handle, int index) {
        long needed = RegionDescription.FIRST_ARGSZ;
        while (true) {
            try (var block = handle.blocks().take(needed)) {
                int argsz = (int) needed;
                new VfioRegionInfo(argsz, 0, index, 0, 0, 0).write(block.memory, 0);
                handle.require(
                        handle.call(Vfio.VFIO_DEVICE_GET_REGION_INFO, block.memory),
                        () -> "asking for region %d of %s".formatted(index, handle.device()));
                needed = Integer.toUnsignedLong(VfioRegionInfo.read(block.memory, 0).argsz());
                if (needed <= argsz) {
                    return read(handle, index, block.memory, argsz);
                }
            }
            if (needed > RegionDescription.MAX_ARGSZ) {
                throw nonsense(handle, "%d bytes describe region %d".formatted(needed, index));
            }
        }
    }

    private static MappableRegion read(KernelHandle handle, int index, Memory memory, int length) {
        RegionDescription description;
        try {
            description = RegionDescription.read(memory, 0, length, index);
        } catch (IllegalArgumentException malformed) {
            throw nonsense(handle, String.valueOf(malformed.getMessage()));
        }
        return new MappableRegion(
                description.region(index, true), description.info().offset(), handle.fd());
    }

    private static VfioException nonsense(KernelHandle handle, String what) {
        return new VfioException(
                Errno.EPROTO,
                "the kernel says of %s what cannot be: %s".formatted(handle.device(), what));
    }

    /** Maps by what was told when the device was opened: nothing that wakes it. */
    MappedBar map(int index) {
        try {
            return told(index).map(handle.device());
        } catch (IllegalStateException closed) {
            throw handle.closed(closed);
        }
    }

    /** What can be mapped of a region, by the same. */
    Optional<RegionFile> file(int index) {
        return told(index).file();
    }

    private MappableRegion told(int index) {
        MappableRegion region = index >= 0 && index < known.length ? known[index] : null;
        return region == null ? ask(handle, index) : region;
    }

    /** Where a byte of a region is in the descriptor, for calls that name it so. */
    long position(int region, long offset, int width) {
        long position = places.find(region, offset, width);
        if (position == RegionPlaces.NOWHERE) {
            throw nowhere("reaching", region, offset, width);
        }
        return position;
    }

    // Values

    long readValue(int region, long offset, int width) {
        long position = places.find(region, offset, width);
        if (position == RegionPlaces.NOWHERE) {
            throw nowhere("reading", region, offset, width);
        }
        try {
            return handle.fd().readValue(position, width);
        } catch (LinuxException failed) {
            throw failed("reading", region, offset, width, failed);
        } catch (IllegalStateException closed) {
            throw handle.closed(closed);
        }
    }

    void writeValue(int region, long offset, long value, int width) {
        long position = places.find(region, offset, width);
        if (position == RegionPlaces.NOWHERE) {
            throw nowhere("writing", region, offset, width);
        }
        try {
            handle.fd().writeValue(position, value, width);
        } catch (LinuxException failed) {
            throw failed("writing", region, offset, width, failed);
        } catch (IllegalStateException closed) {
            throw handle.closed(closed);
        }
    }

    // Bytes. Even for none of them there is a call, and the kernel decides what that does.

    void read(int region, long offset, Memory destination, long destinationOffset, long length) {
        transfer("reading", Fd::read, region, offset, destination, destinationOffset, length);
    }

    void read(int region, long offset, byte[] destination, int destinationOffset, int length) {
        Objects.checkFromIndexSize(destinationOffset, length, destination.length);
        try (var block = handle.blocks().take(length)) {
            read(region, offset, block.memory, 0, length);
            block.memory.get(0, destination, destinationOffset, length);
        }
    }

    void write(int region, long offset, Memory source, long sourceOffset, long length) {
        transfer("writing", Fd::write, region, offset, source, sourceOffset, length);
    }

    /** pread or pwrite. */
    private interface Call {
        long transfer(Fd fd, long position, Memory memory, long at, long count);
    }

    /** In as few calls as the kernel takes; none of them may be short. */
    private void transfer(
            String what,
            Call call,
            int region,
            long offset,
            Memory memory,
            long memoryOffset,
            long length) {
        Objects.checkFromIndexSize(memoryOffset, length, memory.size());
        long position = bytes(what, region, offset, length);
        long done = 0;
        do {
            long count = Math.min(length - done, MOST);
            long got;
            try {
                got =
                        call.transfer(
                                handle.fd(), position + done, memory, memoryOffset + done, count);
            } catch (LinuxException failed) {
                throw failed(what, region, offset, count, failed);
            } catch (IllegalStateException closed) {
                throw handle.closed(closed);
            }
            done += got;
            if (got != count) {
                throw AccessFailures.cutShort(describe(what, region, offset, length), done);
            }
        } while (done < length);
    }

    void write(int region, long offset, byte[] source, int sourceOffset, int length) {
        Objects.checkFromIndexSize(sourceOffset, length, source.length);
        try (var block = handle.blocks().take(length)) {
            block.memory.put(0, source, sourceOffset, length);
            write(region, offset, block.memory, 0, length);
        }
    }

    private long bytes(String what, int region, long offset, long length) {
        long position = places.find(region, offset, length);
        if (position == RegionPlaces.NOWHERE) {
            throw nowhere(what, region, offset, length);
        }
        return position;
    }

    private VfioException failed(
            String what, int region, long offset, long length, LinuxException failed) {
        if (failed instanceof ShortTransferException part) {
            return AccessFailures.cutShort(
                    describe(what, region, offset, length), part.transferred());
        }
        return handle.accessFailed(failed.errno(), describe(what, region, offset, length));
    }

    /** The kernel's answer to what it cannot even be asked. */
    private VfioException nowhere(String what, int region, long offset, long length) {
        return Answers.failed(
                Errno.EINVAL,
                describe(what, region, offset, length),
                ": there is no such region or offset");
    }

    private String describe(String what, int region, long offset, long length) {
        return AccessFailures.describe(what, region, offset, length, handle.device());
    }
}
