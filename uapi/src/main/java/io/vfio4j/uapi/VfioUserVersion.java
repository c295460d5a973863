/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The payload of VERSION, and of its reply.
 *
 * @param major protocol version, 0 to 65535; both sides must have the same
 * @param minor protocol version, 0 to 65535; the reply's is at most the command's
 * @param capabilities what the sender supports; empty if it sent no version data, which means
 *     {@link VersionCapabilities#DEFAULTS}
 */
public record VfioUserVersion(int major, int minor, Optional<VersionCapabilities> capabilities) {
    /** The fields before the version data, which is JSON with a NUL behind it. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_version").u16("major").u16("minor").flexible("data");

    /**
     * Reads the payload.
     *
     * @param length bytes of the payload
     * @throws IllegalArgumentException if it is cut off, if the version data does not end in a NUL
     *     or is not what {@link VersionCapabilities#parse} accepts
     */
    public static VfioUserVersion read(Memory memory, long at, int length) {
        int dataLength = length - LAYOUT.size();
        if (dataLength < 0) {
            throw new IllegalArgumentException(
                    "VERSION payload of %d bytes: it has at least 4".formatted(length));
        }
        var in = LAYOUT.reader(memory, at);
        int major = in.u16("major");
        int minor = in.u16("minor");
        if (dataLength == 0) {
            return new VfioUserVersion(major, minor, Optional.empty());
        }
        if (memory.getByte(at + length - 1) != 0) {
            throw new IllegalArgumentException("VERSION data does not end in a NUL");
        }
        if (dataLength - 1 > VersionCapabilities.MAX_JSON_BYTES) {
            throw VersionCapabilities.tooLong(dataLength - 1);
        }
        byte[] json = new byte[dataLength - 1];
        memory.get(at + LAYOUT.size(), json, 0, json.length);
        return new VfioUserVersion(major, minor, Optional.of(VersionCapabilities.parse(json)));
    }

    /**
     * Writes the payload and returns its length in bytes; at most 4 + {@link
     * VersionCapabilities#MAX_JSON_BYTES} + 1. {@link IndexOutOfBoundsException} if it does not
     * fit.
     */
    public int write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u16("major", major).u16("minor", minor);
        if (capabilities.isEmpty()) {
            return LAYOUT.size();
        }
        byte[] json = capabilities.get().toJson().getBytes(StandardCharsets.UTF_8);
        memory.put(at + LAYOUT.size(), json, 0, json.length);
        memory.putByte(at + LAYOUT.size() + json.length, (byte) 0);
        return LAYOUT.size() + json.length + 1;
    }
}
