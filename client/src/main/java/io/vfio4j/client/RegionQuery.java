/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.uapi.VfioRegionInfo;
import io.vfio4j.uapi.VfioUserCommand;

import org.jspecify.annotations.Nullable;

/** DEVICE_GET_REGION_INFO, and the doubts about its answer. */
final class RegionQuery {
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
        int length = ask(RegionDescription.FIRST_ARGSZ);
        VfioRegionInfo info = VfioRegionInfo.read(connection.in, PAYLOAD);
        long needed = Integer.toUnsignedLong(info.argsz());
        if (needed > length && needed > RegionDescription.FIRST_ARGSZ) {
            if (needed > RegionDescription.MAX_ARGSZ) {
                throw connection.violation(
                        "it needs %d bytes to describe region %d".formatted(needed, index));
            }
            length = ask((int) needed);
        }
        RegionDescription description;
        try {
            description = RegionDescription.read(connection.in, PAYLOAD, length, index);
        } catch (IllegalArgumentException nonsense) {
            throw connection.violation(String.valueOf(nonsense.getMessage()));
        }
        Fd descriptor = takeDescriptor(!description.areas().isEmpty());
        return new MappableRegion(
                description.region(index, descriptor != null),
                description.info().offset(),
                descriptor);
    }

    private int ask(int argsz) {
        int size = VfioRegionInfo.LAYOUT.size();
        new VfioRegionInfo(argsz, 0, index, 0, 0, 0).write(connection.out, PAYLOAD);
        int length =
                connection.callForDescriptors(VfioUserCommand.DEVICE_GET_REGION_INFO, size, argsz);
        if (length < 0) {
            throw Answers.failed(
                    Errno.of(-length),
                    "asking for region %d of %s".formatted(index, connection.device()),
                    "");
        }
        if (length < size) {
            throw connection.violation(
                    "it describes region %d in %d bytes of %d".formatted(index, length, size));
        }
        return length;
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
