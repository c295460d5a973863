/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What one side of a vfio-user connection supports, as told in VERSION. A member that the sender
 * leaves out has the protocol's default.
 *
 * @param maxMsgFds descriptors that the sender can receive with one message; default 1
 * @param maxDataXferSize largest {@code count} of a read or write message, bytes; default 1048576
 * @param maxDmaMaps DMA regions that can be mapped at once; default 65535
 * @param pgsizes page sizes for DMA regions in bytes, or-ed; default 4096
 * @param migration what a migration would use; absent without support for it
 * @param twinSocket a second socket for the server's commands; absent if the sender does not speak
 *     of it
 * @param writeMultiple whether REGION_WRITE_MULTI is understood; default false
 * @param lowPower what the sender knows of sleeping devices; by default nothing
 */
public record VersionCapabilities(
        int maxMsgFds,
        long maxDataXferSize,
        long maxDmaMaps,
        long pgsizes,
        Optional<Migration> migration,
        Optional<TwinSocket> twinSocket,
        boolean writeMultiple,
        LowPower lowPower) {
    /** Largest version data that is looked at, bytes without the NUL. */
    public static final int MAX_JSON_BYTES = 64 * 1024;

    /** What a sender without any capability means. */
    public static final VersionCapabilities DEFAULTS =
            new VersionCapabilities(
                    1,
                    1024 * 1024,
                    65535,
                    4096,
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    LowPower.NONE);

    private static final int MAX_DEPTH = 16;

    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(MAX_DEPTH)
                                    .maxDocumentLength(MAX_JSON_BYTES)
                                    .maxStringLength(MAX_JSON_BYTES)
                                    .maxNameLength(1024)
                                    .maxNumberLength(64)
                                    .build())
                    .build();

    /** Refuses negative numbers; the rest of their meaning is for whoever negotiates. */
    public VersionCapabilities {
        requireNotNegative("max_msg_fds", maxMsgFds);
        requireNotNegative("max_data_xfer_size", maxDataXferSize);
        requireNotNegative("max_dma_maps", maxDmaMaps);
        requireNotNegative("pgsizes", pgsizes);
    }

    /**
     * What a migration would use. Not in the protocol's text; QEMU and libvfio-user send it.
     *
     * @param pgsize bytes that one bit of a dirty bitmap stands for; default 4096
     * @param maxBitmapSize bytes of the largest dirty bitmap, if told
     */
    public record Migration(long pgsize, OptionalLong maxBitmapSize) {
        /** Refuses negative numbers. */
        public Migration {
            requireNotNegative("migration.pgsize", pgsize);
            requireNotNegative("migration.max_bitmap_size", maxBitmapSize.orElse(0));
        }
    }

    /**
     * A second socket for the commands that the server sends.
     *
     * @param supported whether the sender supports it; default false
     * @param fdIndex in a reply, which of the descriptors beside the frame is that socket
     */
    public record TwinSocket(boolean supported, OptionalInt fdIndex) {
        /** Refuses a negative index. */
        public TwinSocket {
            requireNotNegative("twin_socket.fd_index", fdIndex.orElse(0));
        }
    }

    /**
     * What a client and a server agree on for a device that sleeps: our extension, see
     * docs/vfio-user-low-power.md. A client proposes, and the server repeats what it agrees to.
     *
     * @param mappingFaults the client bears faults of what it has mapped of BARs whenever the
     *     function decodes no memory, as those of a real device's are (spec B4); default false
     * @param pme the client knows the PME interrupt, {@link VfioUser#VFIO_USER_PCI_PME_IRQ_INDEX};
     *     default false
     */
    public record LowPower(boolean mappingFaults, boolean pme) {
        /** Nothing: what a sender means that does not speak of it. */
        public static final LowPower NONE = new LowPower(false, false);

        /** What both sides know. */
        public LowPower and(LowPower other) {
            return new LowPower(mappingFaults && other.mappingFaults, pme && other.pme);
        }
    }

    /**
     * Reads version data. Members that are not known are passed over; of members that occur twice
     * the last one counts.
     *
     * @param json the data without its NUL
     * @throws IllegalArgumentException in one sentence, if it is longer than {@link
     *     #MAX_JSON_BYTES}, not UTF-8, not JSON, nested deeper than 16, not an object, or if a
     *     known member has another type or is out of range
     */
    public static VersionCapabilities parse(byte[] json) {
        if (json.length > MAX_JSON_BYTES) {
            throw tooLong(json.length);
        }
        // Decoded here: the parser would guess other encodings than UTF-8.
        try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), decode(json))) {
            return new VersionDataReader(in).read();
        } catch (JacksonException e) {
            String reason = e.getOriginalMessage().lines().findFirst().orElse("it is malformed");
            throw new IllegalArgumentException("VERSION data is not acceptable JSON: " + reason, e);
        }
    }

    /** Version data for this value, without a NUL. What is absent or false is left out. */
    public String toJson() {
        var text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            out.writeStartObject();
            out.writeObjectPropertyStart("capabilities");
            out.writeNumberProperty("max_msg_fds", maxMsgFds);
            out.writeNumberProperty("max_data_xfer_size", maxDataXferSize);
            out.writeNumberProperty("max_dma_maps", maxDmaMaps);
            out.writeNumberProperty("pgsizes", pgsizes);
            migration.ifPresent(value -> write(out, value));
            twinSocket.ifPresent(value -> write(out, value));
            if (writeMultiple) {
                out.writeBooleanProperty("write_multiple", true);
            }
            if (!lowPower.equals(LowPower.NONE)) {
                write(out, lowPower);
            }
            out.writeEndObject();
            out.writeEndObject();
        }
        return text.toString();
    }

    static IllegalArgumentException tooLong(int length) {
        return new IllegalArgumentException(
                "VERSION data of %d bytes: at most %d are accepted"
                        .formatted(length, MAX_JSON_BYTES));
    }

    private static void write(JsonGenerator out, Migration migration) {
        out.writeObjectPropertyStart("migration");
        out.writeNumberProperty("pgsize", migration.pgsize());
        migration
                .maxBitmapSize()
                .ifPresent(size -> out.writeNumberProperty("max_bitmap_size", size));
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, TwinSocket twinSocket) {
        out.writeObjectPropertyStart("twin_socket");
        out.writeBooleanProperty("supported", twinSocket.supported());
        twinSocket.fdIndex().ifPresent(index -> out.writeNumberProperty("fd_index", index));
        out.writeEndObject();
    }

    private static void write(JsonGenerator out, LowPower lowPower) {
        out.writeObjectPropertyStart("low_power");
        if (lowPower.mappingFaults()) {
            out.writeBooleanProperty("mapping_faults", true);
        }
        if (lowPower.pme()) {
            out.writeBooleanProperty("pme", true);
        }
        out.writeEndObject();
    }

    private static String decode(byte[] json) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("VERSION data is not UTF-8", e);
        }
    }

    private static void requireNotNegative(String member, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(
                    "VERSION capability %s is %d: it must not be negative"
                            .formatted(member, value));
        }
    }
}
