/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.RawFeature;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.Vfio;

import java.util.ArrayList;
import java.util.List;

/** What DMA logging says to its arguments (spec F), where a device has it. */
final class DmaLogging {
    private static final int PAGE = 4096;
    private static final int FIXED = 24;
    private static final int RANGE = 16;
    private static final int REPORT = 32;
    private static final int TOO_MANY = 257;

    private DmaLogging() {}

    /** Addresses from {@code iova} on. */
    private record Range(long iova, long length) {}

    static List<Case> cases() {
        return List.of(
                start("no-ranges", "no range", "EINVAL", List.of()),
                start("too-many", "257 ranges", "E2BIG", many()),
                start("iova", "an iova that is not aligned", "EINVAL", one(1, PAGE)),
                start("length", "a length that is not aligned", "EINVAL", one(0, PAGE + 1)),
                start("overflow", "a range that overflows", "EOVERFLOW", one(-PAGE, 2 * PAGE)),
                start("end", "a range that ends at 2^64", "EOVERFLOW", one(-PAGE, PAGE)),
                start(
                        "overlap",
                        "ranges that overlap",
                        "EINVAL",
                        List.of(new Range(0, 2 * PAGE), new Range(PAGE, PAGE))),
                Case.of("F.start", "START, and another", "spec F", DmaLogging::started)
                        .needing(Need.DMA_LOGGING),
                report("page-size", "a page size of 2048", "EINVAL", 0, PAGE, PAGE / 2),
                report("power-of-two", "a page size of 12288", "EINVAL", 0, 3 * PAGE, 3 * PAGE),
                report("overflow", "a range that overflows", "EOVERFLOW", -PAGE, 2 * PAGE, PAGE),
                report("not-started", "no log", "EINVAL", 0, PAGE, PAGE));
    }

    private static List<Range> one(long iova, long length) {
        return List.of(new Range(iova, length));
    }

    private static List<Range> many() {
        List<Range> ranges = new ArrayList<>();
        for (int i = 0; i < TOO_MANY; i++) {
            ranges.add(new Range((long) i * PAGE, PAGE));
        }
        return ranges;
    }

    private static Case start(String id, String title, String errno, List<Range> ranges) {
        return Case.of(
                        "F.start." + id,
                        "START with " + title,
                        "spec F START",
                        t -> t.does("START", errno, () -> start(t, ranges)))
                .needing(Need.DMA_LOGGING);
    }

    private static void started(Trial t) {
        List<Range> ranges = one(0, PAGE);
        t.does("START", "0", () -> start(t, ranges));
        t.does("START again", "EINVAL", () -> start(t, ranges));
        RawFeature stop = RawFeature.of(Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP | Acts.SET);
        t.does("STOP", "0", () -> t.device().feature(stop));
    }

    /** The kernel follows a pointer to the ranges; in a message they follow the fixed part. */
    private static void start(Trial t, List<Range> ranges) {
        int flags = Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_START | Acts.SET;
        boolean pointer = t.facts().inKernel();
        try (Memory list = Memory.allocate(Math.max(1, ranges.size()) * (long) RANGE);
                Memory request = Memory.allocate(FIXED + ranges.size() * (long) RANGE)) {
            for (int i = 0; i < ranges.size(); i++) {
                list.putLong((long) i * RANGE, ranges.get(i).iova());
                list.putLong((long) i * RANGE + Long.BYTES, ranges.get(i).length());
            }
            request.putLong(0, PAGE);
            request.putInt(8, ranges.size());
            int fixed = pointer ? FIXED : FIXED - Long.BYTES;
            if (pointer) {
                request.putLong(16, list.address());
            } else {
                request.copy(list, 0, fixed, ranges.size() * (long) RANGE);
            }
            int length = pointer ? FIXED : fixed + ranges.size() * RANGE;
            byte[] payload = new byte[length];
            request.get(0, payload, 0, length);
            t.device().feature(RawFeature.of(flags, payload));
        }
    }

    private static Case report(
            String id, String title, String errno, long iova, long length, long pageSize) {
        return Case.of(
                        "F.report." + id,
                        "REPORT with " + title,
                        "spec F REPORT",
                        t -> t.does("REPORT", errno, () -> report(t, iova, length, pageSize)))
                .needing(Need.DMA_LOGGING);
    }

    private static void report(Trial t, long iova, long length, long pageSize) {
        int flags = Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT | Acts.GET;
        try (Memory bitmap = Memory.allocate(Long.BYTES);
                Memory request = Memory.allocate(REPORT)) {
            request.putLong(0, iova);
            request.putLong(8, length);
            request.putLong(16, pageSize);
            request.putLong(24, bitmap.address());
            byte[] payload = new byte[t.facts().inKernel() ? REPORT : REPORT - Long.BYTES];
            request.get(0, payload, 0, payload.length);
            t.device().feature(RawFeature.of(flags, payload));
        }
    }
}
