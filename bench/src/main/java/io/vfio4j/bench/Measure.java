/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.util.Optional;

/** What is measured, in the order of the report. */
enum Measure {
    READ_4("read 4 B", Kind.READ, 4),
    WRITE_4("write 4 B", Kind.WRITE, 4),
    POSTED_4("posted write 4 B", Kind.POSTED, 4),
    PIPELINED_4("read 4 B, 16 in flight", Kind.PIPELINED, 4),
    READ_4K("read 4 KiB", Kind.READ, 4 << 10),
    WRITE_4K("write 4 KiB", Kind.WRITE, 4 << 10),
    READ_1M("read 1 MiB", Kind.READ, 1 << 20),
    WRITE_1M("write 1 MiB", Kind.WRITE, 1 << 20),
    DMA_READ_4K("DMA read 4 KiB", Kind.DMA_READ, 4 << 10),
    DMA_WRITE_4K("DMA write 4 KiB", Kind.DMA_WRITE, 4 << 10),
    DMA_READ_1M("DMA read 1 MiB", Kind.DMA_READ, 1 << 20),
    DMA_WRITE_1M("DMA write 1 MiB", Kind.DMA_WRITE, 1 << 20),
    INTERRUPT("interrupt", Kind.INTERRUPT, 4);

    /** How the load looks on the wire. */
    enum Kind {
        /** A REGION_READ, its reply, the next. */
        READ,
        /** A REGION_WRITE, its reply, the next. */
        WRITE,
        /** REGION_WRITEs without reply, as fast as they go. */
        POSTED,
        /** REGION_READs, so many at once under way. */
        PIPELINED,
        /** The server's DMA_READs, one after the other. */
        DMA_READ,
        /** The server's DMA_WRITEs, one after the other. */
        DMA_WRITE,
        /** A posted write to a register, then the interrupt it causes. */
        INTERRUPT
    }

    /** Requests under way at once in a pipelined load. */
    static final int IN_FLIGHT = 16;

    private static final int BULK = 4 << 10;

    private final String title;
    private final Kind kind;
    private final int bytes;

    Measure(String title, Kind kind, int bytes) {
        this.title = title;
        this.kind = kind;
        this.bytes = bytes;
    }

    String title() {
        return title;
    }

    Kind kind() {
        return kind;
    }

    int bytes() {
        return bytes;
    }

    /** Whether the rate is better told in bytes. */
    boolean bulk() {
        return bytes >= BULK;
    }

    /** Whether one request's time says something. */
    boolean hasLatency() {
        return kind != Kind.POSTED;
    }

    /** Whether ratios compare times per request at full load, rather than median latencies. */
    boolean comparesThroughput() {
        return kind == Kind.POSTED || kind == Kind.PIPELINED;
    }

    /**
     * Whose floor is this one's: a DMA message moves what a region access of the other direction
     * moves, its request and reply are as long.
     */
    Measure floor() {
        return switch (this) {
            case DMA_READ_4K -> READ_4K;
            case DMA_WRITE_4K -> WRITE_4K;
            case DMA_READ_1M -> READ_1M;
            case DMA_WRITE_1M -> WRITE_1M;
            default -> this;
        };
    }

    static Optional<Measure> titled(String title) {
        for (Measure measure : values()) {
            if (measure.title.equals(title)) {
                return Optional.of(measure);
            }
        }
        return Optional.empty();
    }
}
