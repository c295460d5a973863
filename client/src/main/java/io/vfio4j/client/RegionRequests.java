/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.RegionAccess;
import io.vfio4j.uapi.VfioUserCommand;

import java.util.Objects;

/** REGION_READ and REGION_WRITE: the hot path, on which nothing is allocated. */
final class RegionRequests {
    private static final int PAYLOAD = Frames.PAYLOAD;
    private static final int DATA = Frames.DATA;

    /**
     * Longest write, bytes, while the server may send DMA messages of its own: it fits the socket's
     * buffer, so that both sides never wait for each other to read.
     */
    private static final int SHORT_WRITE = 64 * 1024;

    private final VfioUserConnection connection;
    private final ServedWindows windows;
    private final int maxTransfer;

    /**
     * Requests of that connection.
     *
     * @param maxTransfer bytes that one message moves at most
     */
    RegionRequests(VfioUserConnection connection, ServedWindows windows, int maxTransfer) {
        this.connection = connection;
        this.windows = windows;
        this.maxTransfer = maxTransfer;
    }

    byte readByte(int region, long offset) {
        connection.begin();
        try {
            readValue(region, offset, Byte.BYTES);
            return connection.in.getByte(DATA);
        } finally {
            connection.end();
        }
    }

    short readShort(int region, long offset) {
        connection.begin();
        try {
            readValue(region, offset, Short.BYTES);
            return connection.in.getShort(DATA);
        } finally {
            connection.end();
        }
    }

    int readInt(int region, long offset) {
        connection.begin();
        try {
            readValue(region, offset, Integer.BYTES);
            return connection.in.getInt(DATA);
        } finally {
            connection.end();
        }
    }

    long readLong(int region, long offset) {
        connection.begin();
        try {
            readValue(region, offset, Long.BYTES);
            return connection.in.getLong(DATA);
        } finally {
            connection.end();
        }
    }

    private void readValue(int region, long offset, int width) {
        RegionAccess.write(connection.out, PAYLOAD, offset, region, width);
        int length =
                connection.call(
                        VfioUserCommand.REGION_READ, RegionAccess.SIZE, RegionAccess.SIZE + width);
        if (length != RegionAccess.SIZE + width) {
            throw accessFailed("reading", region, offset, width, length, true);
        }
    }

    void read(int region, long offset, Memory destination, long destinationOffset, long length) {
        Objects.checkFromIndexSize(destinationOffset, length, destination.size());
        requireOpen(destination);
        long done = 0;
        while (done < length) {
            int count = (int) Math.min(length - done, maxTransfer);
            connection.begin();
            try {
                RegionAccess.write(connection.out, PAYLOAD, offset + done, region, count);
                int got = connection.read(destination, destinationOffset + done, count);
                if (got != RegionAccess.SIZE + count) {
                    throw accessFailed("reading", region, offset + done, count, got, true);
                }
            } finally {
                connection.end();
            }
            done += count;
        }
    }

    void read(int region, long offset, byte[] destination, int destinationOffset, int length) {
        Objects.checkFromIndexSize(destinationOffset, length, destination.length);
        int done = 0;
        while (done < length) {
            int count = Math.min(length - done, maxTransfer);
            connection.begin();
            try {
                readValue(region, offset + done, count);
                connection.in.get(DATA, destination, destinationOffset + done, count);
            } finally {
                connection.end();
            }
            done += count;
        }
    }

    void writeByte(int region, long offset, byte value) {
        connection.begin();
        try {
            connection.out.putByte(DATA, value);
            writeValue(region, offset, Byte.BYTES);
        } finally {
            connection.end();
        }
    }

    void writeShort(int region, long offset, short value) {
        connection.begin();
        try {
            connection.out.putShort(DATA, value);
            writeValue(region, offset, Short.BYTES);
        } finally {
            connection.end();
        }
    }

    void writeInt(int region, long offset, int value) {
        connection.begin();
        try {
            connection.out.putInt(DATA, value);
            writeValue(region, offset, Integer.BYTES);
        } finally {
            connection.end();
        }
    }

    void writeLong(int region, long offset, long value) {
        connection.begin();
        try {
            connection.out.putLong(DATA, value);
            writeValue(region, offset, Long.BYTES);
        } finally {
            connection.end();
        }
    }

    private void writeValue(int region, long offset, int width) {
        RegionAccess.write(connection.out, PAYLOAD, offset, region, width);
        int length =
                connection.call(
                        VfioUserCommand.REGION_WRITE, RegionAccess.SIZE + width, RegionAccess.SIZE);
        requireWritten(region, offset, width, length);
    }

    void write(int region, long offset, Memory source, long sourceOffset, long length) {
        write(region, offset, source, sourceOffset, length, false);
    }

    void post(int region, long offset, Memory source, long sourceOffset, long length) {
        write(region, offset, source, sourceOffset, length, true);
    }

    private void write(
            int region,
            long offset,
            Memory source,
            long sourceOffset,
            long length,
            boolean noReply) {
        Objects.checkFromIndexSize(sourceOffset, length, source.size());
        requireOpen(source);
        long done = 0;
        while (done < length) {
            connection.begin();
            try {
                int count = (int) Math.min(length - done, longestWrite());
                RegionAccess.write(connection.out, PAYLOAD, offset + done, region, count);
                int got = connection.write(source, sourceOffset + done, count, noReply);
                if (!noReply) {
                    requireWritten(region, offset + done, count, got);
                }
                done += count;
            } finally {
                connection.end();
            }
        }
    }

    void write(int region, long offset, byte[] source, int sourceOffset, int length) {
        Objects.checkFromIndexSize(sourceOffset, length, source.length);
        int done = 0;
        while (done < length) {
            connection.begin();
            try {
                int count = Math.min(length - done, longestWrite());
                connection.out.put(DATA, source, sourceOffset + done, count);
                writeValue(region, offset + done, count);
                done += count;
            } finally {
                connection.end();
            }
        }
    }

    private int longestWrite() {
        return windows.isEmpty() ? maxTransfer : Math.min(maxTransfer, SHORT_WRITE);
    }

    void postInt(int region, long offset, int value) {
        connection.begin();
        try {
            connection.out.putInt(DATA, value);
            RegionAccess.write(connection.out, PAYLOAD, offset, region, Integer.BYTES);
            connection.post(VfioUserCommand.REGION_WRITE, RegionAccess.SIZE + Integer.BYTES);
        } finally {
            connection.end();
        }
    }

    void postLong(int region, long offset, long value) {
        connection.begin();
        try {
            connection.out.putLong(DATA, value);
            RegionAccess.write(connection.out, PAYLOAD, offset, region, Long.BYTES);
            connection.post(VfioUserCommand.REGION_WRITE, RegionAccess.SIZE + Long.BYTES);
        } finally {
            connection.end();
        }
    }

    private void requireWritten(int region, long offset, int count, int length) {
        if (length != RegionAccess.SIZE) {
            throw accessFailed("writing", region, offset, count, length, false);
        }
        long written = RegionAccess.count(connection.in, PAYLOAD);
        if (written != count) {
            throw accessShort("writing", region, offset, count, written);
        }
    }

    private VfioException accessFailed(
            String what, int region, long offset, int count, int length, boolean data) {
        if (length < 0) {
            return AccessFailures.refused(
                    Errno.of(-length),
                    AccessFailures.describe(what, region, offset, count, connection.device()));
        }
        if (data && length >= RegionAccess.SIZE) {
            return accessShort(what, region, offset, count, length - RegionAccess.SIZE);
        }
        return connection.violation("its answer to an access has %d bytes".formatted(length));
    }

    private VfioException accessShort(String what, int region, long offset, int count, long done) {
        return AccessFailures.cutShort(
                AccessFailures.describe(what, region, offset, count, connection.device()), done);
    }

    private static void requireOpen(Memory memory) {
        if (!memory.isOpen()) {
            throw new IllegalStateException("this block of memory is closed");
        }
    }
}
