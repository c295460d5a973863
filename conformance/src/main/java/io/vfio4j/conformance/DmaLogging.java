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

    private static final List<Range> LOGGED = one(0, 2 * PAGE);

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
                Case.of("F.stop", "STOP without START", "spec F", DmaLogging::stopped)
                        .needing(Need.DMA_LOGGING),
                logged("clears", "nothing new: it reads and clears", DmaLogging::clears),
                logged("coarser", "pages coarser than the log's", t -> accepts(t, 2 * PAGE)),
                logged("finer", "pages finer than the log's", DmaLogging::finer),
                report("page-size", "a page size of 2048", "EINVAL", 0, PAGE, PAGE / 2),
                report("power-of-two", "a page size of 12288", "EINVAL", 0, 3 * PAGE, 3 * PAGE),
                report("overflow", "a range that overflows", "EOVERFLOW", -PAGE, 2 * PAGE, PAGE),
                Case.of(
                                "F.report.not-started",
                                "REPORT without START",
                                "spec F REPORT",
                                t -> reports(t, "EINVAL", 0, PAGE, PAGE))
                        .needing(Need.DMA_LOGGING));
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
        t.does("START", "0", () -> start(t, LOGGED));
        t.does("START again", "EINVAL", () -> start(t, LOGGED));
        t.does("STOP", "0", () -> stop(t));
    }

    private static void stop(Trial t) {
        t.device().feature(RawFeature.of(Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP | Acts.SET));
    }

    /** There is nothing to stop, and nothing wrong with that: a log can be started after it. */
    private static void stopped(Trial t) {
        t.does("STOP", "0", () -> stop(t));
        t.does("START", "0", () -> start(t, LOGGED));
        t.does("STOP", "0", () -> stop(t));
    }

    private static Case logged(String id, String title, Case.Body body) {
        return Case.of(
                        "F.report." + id,
                        "REPORT with " + title,
                        "spec F REPORT, semantics",
                        t -> {
                            t.does("START", "0", () -> start(t, LOGGED));
                            body.run(t);
                            t.does("STOP", "0", () -> stop(t));
                        })
                .needing(Need.DMA_LOGGING);
    }

    private static void accepts(Trial t, long pageSize) {
        reports(t, "0", 0, 2 * PAGE, pageSize);
    }

    /** Nothing makes the device write here: whatever the first has shown, the second shows none. */
    private static void clears(Trial t) {
        accepts(t, PAGE);
        t.does("REPORT", "0", () -> t.expect("clean", report(t, 0, 2 * PAGE, PAGE) == 0));
    }

    private static void finer(Trial t) {
        t.does("STOP", "0", () -> stop(t));
        t.does("START with 8192", "0", () -> start(t, LOGGED, 2 * PAGE));
        accepts(t, PAGE);
    }

    /** The kernel follows a pointer to the ranges; in a message they follow the fixed part. */
    private static void start(Trial t, List<Range> ranges) {
        start(t, ranges, PAGE);
    }

    private static void start(Trial t, List<Range> ranges, long pageSize) {
        int flags = Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_START | Acts.SET;
        boolean pointer = t.facts().inKernel();
        try (Memory list = Memory.allocate(Math.max(1, ranges.size()) * (long) RANGE);
                Memory request = Memory.allocate(FIXED + ranges.size() * (long) RANGE)) {
            for (int i = 0; i < ranges.size(); i++) {
                list.putLong((long) i * RANGE, ranges.get(i).iova());
                list.putLong((long) i * RANGE + Long.BYTES, ranges.get(i).length());
            }
            request.putLong(0, pageSize);
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

    /** Of a log that was started: without one, all are refused. */
    private static Case report(
            String id, String title, String errno, long iova, long length, long pageSize) {
        return logged(id, title, t -> reports(t, errno, iova, length, pageSize));
    }

    private static void reports(Trial t, String outcome, long iova, long length, long pageSize) {
        t.does(
                "REPORT",
                outcome,
                () -> {
                    long _ = report(t, iova, length, pageSize);
                });
    }

    /** The bitmap, as far as it is the first 64 pages. */
    private static long report(Trial t, long iova, long length, long pageSize) {
        int flags = Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT | Acts.GET;
        try (Memory bitmap = Memory.allocate(Long.BYTES);
                Memory request = Memory.allocate(REPORT)) {
            request.putLong(0, iova);
            request.putLong(8, length);
            request.putLong(16, pageSize);
            request.putLong(24, bitmap.address());
            byte[] payload = new byte[t.facts().inKernel() ? REPORT : REPORT - Long.BYTES];
            request.get(0, payload, 0, payload.length);
            byte[] answer = t.device().feature(flags, payload, payload.length + Long.BYTES);
            if (t.facts().inKernel()) {
                return bitmap.getLong(0);
            }
            // No pointer leads out of a message: the bitmap follows the rest.
            long bits = 0;
            for (int i = payload.length; i < answer.length; i++) {
                bits |= (answer[i] & 0xffL) << (8 * (i - payload.length));
            }
            return bits;
        }
    }
}
