/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.FileStatus;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Mapping;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A region as the server described it, with the descriptor to map it by.
 *
 * @param info what the caller gets to see
 * @param offset where the region starts in the descriptor
 * @param descriptor owned by this; null if nothing can be mapped
 */
record MappableRegion(RegionInfo info, long offset, @Nullable Fd descriptor)
        implements AutoCloseable {
    /** By what it is mapped; empty if nothing of it can be. */
    Optional<RegionFile> file() {
        return descriptor == null || info.mappable().isEmpty()
                ? Optional.empty()
                : Optional.of(new RegionFile(descriptor, offset, info.mappable()));
    }

    /** Whether another description gives the same file, so that this one's descriptor will do. */
    boolean hasSameFile(MappableRegion other) {
        return descriptor != null
                && other.descriptor != null
                && FileStatus.of(descriptor).isSame(FileStatus.of(other.descriptor));
    }

    /** Maps all that can be. */
    MappedBar map(String device) {
        if (descriptor == null || info.mappable().isEmpty()) {
            throw new VfioException(
                    Errno.ENODEV,
                    "region %d of %s has no part that can be mapped: read and write it instead"
                            .formatted(info.index(), device));
        }
        List<Mapping> mappings = new ArrayList<>();
        try {
            for (RegionInfo.MappableArea area : info.mappable()) {
                mappings.add(
                        Mapping.map(
                                descriptor, offset + area.offset(), area.size(), info.writable()));
            }
        } catch (LinuxException failed) {
            mappings.forEach(Mapping::close);
            throw new VfioException(
                    failed.errno(),
                    "region %d of %s cannot be mapped: %s"
                            .formatted(info.index(), device, failed.getMessage()),
                    failed);
        }
        return new MappedBar(device, info.index(), info.mappable(), mappings);
    }

    @Override
    public void close() {
        if (descriptor != null) {
            descriptor.close();
        }
    }
}
