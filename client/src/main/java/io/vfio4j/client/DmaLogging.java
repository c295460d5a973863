/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;
import io.vfio4j.uapi.VfioDeviceFeatureDmaLoggingControl;
import io.vfio4j.uapi.VfioDeviceFeatureDmaLoggingRange;
import io.vfio4j.uapi.VfioDeviceFeatureDmaLoggingReport;
import io.vfio4j.uapi.VfioFeature;
import io.vfio4j.uapi.VfioUserDeviceFeatureDmaLoggingControl;
import io.vfio4j.uapi.VfioUserDeviceFeatureDmaLoggingReport;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A device's log of the memory pages that it writes (spec F): for a migration, or to see what a
 * device does. Reads of the device are not logged. Each call wakes a sleeping device.
 *
 * <p>Threads: any. There is nothing to close; {@link #stop} what was started.
 *
 * <p>Failures, of all methods: {@link VfioException} with ENOTTY if the device has no log, or as
 * {@link VfioDevice#feature(int, byte[], int)}. After any of them, take all pages for written.
 */
public final class DmaLogging {
    private static final int GET = Vfio.VFIO_DEVICE_FEATURE_GET;
    private static final int SET = Vfio.VFIO_DEVICE_FEATURE_SET;

    /** Bytes of bitmap that one message brings, well below the longest that may be agreed on. */
    private static final int LONGEST_PART = 512 * 1024;

    private final VfioDevice device;

    private DmaLogging(VfioDevice device) {
        this.device = device;
    }

    /** The log of a device, which stays the caller's. */
    public static DmaLogging of(VfioDevice device) {
        return new DmaLogging(device);
    }

    /** Whether the device has one; asks once, and remembers. */
    public boolean isSupported() {
        return device.supports(VfioFeature.DMA_LOGGING_START);
    }

    /**
     * Starts to log.
     *
     * @param pageSize how many bytes a page of the log shall have
     * @param ranges where, each starting and ending at a multiple of the page size, none
     *     overlapping another
     * @return how many bytes a page of the log has: the device's choice
     * @throws VfioException with EINVAL for no range or one of the wrong sort, E2BIG for more than
     *     the kernel takes (256), EOVERFLOW for one that goes beyond the last address
     */
    public long start(long pageSize, List<DmaRange> ranges) {
        int flags = VfioFeature.DMA_LOGGING_START.number() | SET;
        int size = VfioDeviceFeatureDmaLoggingControl.LAYOUT.size();
        int wireSize = VfioUserDeviceFeatureDmaLoggingControl.LAYOUT.size();
        int each = VfioDeviceFeatureDmaLoggingRange.LAYOUT.size();
        // The kernel's structure or the message's, and behind it the ranges.
        int head = inKernel() ? size : wireSize;
        try (Memory memory = Memory.allocate(head + (long) ranges.size() * each)) {
            for (int i = 0; i < ranges.size(); i++) {
                DmaRange range = ranges.get(i);
                new VfioDeviceFeatureDmaLoggingRange(range.iova(), range.length())
                        .write(memory, head + (long) i * each);
            }
            int length = (int) memory.size();
            if (inKernel()) {
                new VfioDeviceFeatureDmaLoggingControl(
                                pageSize, ranges.size(), memory.address() + head)
                        .write(memory, 0);
                length = size;
            } else {
                new VfioUserDeviceFeatureDmaLoggingControl(pageSize, ranges.size())
                        .write(memory, 0);
            }
            byte[] answer = device.feature(flags, bytes(memory, 0, length), length);
            // Some servers do not say what they chose.
            if (answer.length < Long.BYTES) {
                return pageSize;
            }
            memory.put(0, answer, 0, Long.BYTES);
            return memory.getLong(0);
        }
    }

    /** Stops. */
    public void stop() {
        device.setFeature(VfioFeature.DMA_LOGGING_STOP.number(), new byte[0]);
    }

    /**
     * Tells which pages were written since they were last asked about, and forgets it.
     *
     * @param iova the first address to ask about
     * @param length how many bytes
     * @param pageSize how many bytes each page of the report shall have, whatever the log's have: a
     *     power of two, 4096 or more
     * @return what was written
     * @throws VfioException with EINVAL if the device does not report on that, or not by such
     *     pages, or the log was not started; EOVERFLOW if it goes beyond the last address
     * @throws IllegalArgumentException if it would be no pages, or more than 2147483583
     */
    public DirtyPages report(long iova, long length, long pageSize) {
        if (pageSize < 1
                || length < 1
                || (length - 1) / pageSize >= Integer.MAX_VALUE - Long.SIZE) {
            throw new IllegalArgumentException(
                    "%d bytes are no number of pages of %d bytes to report on"
                            .formatted(length, pageSize));
        }
        BitSet pages =
                inKernel()
                        ? ask(iova, length, pageSize)
                        : askInParts(iova, length, pageSize, LONGEST_PART * 8L);
        return new DirtyPages(iova, length, pageSize, pages);
    }

    /** The kernel writes the bitmap to where the request points. */
    private BitSet ask(long iova, long length, long pageSize) {
        int flags = VfioFeature.DMA_LOGGING_REPORT.number() | GET;
        int size = VfioDeviceFeatureDmaLoggingReport.LAYOUT.size();
        try (Memory memory = Memory.allocate(size);
                Memory bitmap = Memory.allocate(bitmapSize(length, pageSize))) {
            new VfioDeviceFeatureDmaLoggingReport(iova, length, pageSize, bitmap.address())
                    .write(memory, 0);
            byte[] _ = device.feature(flags, bytes(memory, 0, size), size);
            return BitSet.valueOf(bytes(bitmap, 0, (int) bitmap.size()));
        }
    }

    /** A message has an end. */
    private BitSet askInParts(long iova, long length, long pageSize, long pagesAtOnce) {
        BitSet pages = new BitSet();
        long done = 0;
        int page = 0;
        while (done < length) {
            long part =
                    (length - done) / pageSize < pagesAtOnce
                            ? length - done
                            : pagesAtOnce * pageSize;
            BitSet found = askBySocket(iova + done, part, pageSize);
            int base = page;
            found.stream().forEach(bit -> pages.set(base + bit));
            done += part;
            page += (int) pagesAtOnce;
        }
        return pages;
    }

    private BitSet askBySocket(long iova, long length, long pageSize) {
        int flags = VfioFeature.DMA_LOGGING_REPORT.number() | GET;
        int size = VfioUserDeviceFeatureDmaLoggingReport.LAYOUT.size();
        int bitmap = bitmapSize(length, pageSize);
        try (Memory memory = Memory.allocate(size)) {
            new VfioUserDeviceFeatureDmaLoggingReport(iova, length, pageSize).write(memory, 0);
            byte[] answer = device.feature(flags, bytes(memory, 0, size), size + bitmap);
            if (answer.length < size + bitmap) {
                throw new VfioException(
                        Errno.EPROTO,
                        "%s reports on its DMA in %d bytes of %d"
                                .formatted(device, answer.length, size + bitmap));
            }
            return BitSet.valueOf(Arrays.copyOfRange(answer, size, size + bitmap));
        }
    }

    /** Bytes: whole words of 64 pages. */
    private static int bitmapSize(long length, long pageSize) {
        long pages = (length - 1) / pageSize + 1;
        return (int) ((pages + Long.SIZE - 1) / Long.SIZE * Long.BYTES);
    }

    private static byte[] bytes(Memory memory, long offset, int length) {
        byte[] bytes = new byte[length];
        memory.get(offset, bytes, 0, length);
        return bytes;
    }

    private boolean inKernel() {
        return device.descriptor().isPresent();
    }
}
