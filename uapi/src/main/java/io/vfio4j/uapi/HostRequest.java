/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.HexFormat;

/**
 * One request of the host side, the line a client sends.
 *
 * <pre>
 * read ATTRIBUTE               write ATTRIBUTE VALUE
 * read config OFFSET LENGTH    write config OFFSET HEX
 * watch
 * </pre>
 *
 * Whether the attribute can be read or written is not decided here: that is an errno of the reply.
 */
public sealed interface HostRequest {
    /** Bytes of the largest configuration space. */
    int CONFIG_SIZE = PciRegs.PCI_CFG_SPACE_EXP_SIZE;

    /** Tell an attribute's value; for {@link HostAttribute#CONFIG} all of it, as hexadecimal. */
    record Read(HostAttribute attribute) implements HostRequest {}

    /**
     * Tell some bytes of configuration space, as hexadecimal.
     *
     * @param offset first byte, 0 to 4095
     * @param length bytes, 1 to 4096 - offset
     */
    record ReadConfig(int offset, int length) implements HostRequest {
        /** Refuses bytes outside configuration space. */
        public ReadConfig {
            requireInside(offset, length);
        }
    }

    /**
     * Set an attribute other than {@link HostAttribute#CONFIG}.
     *
     * @param value the text, not empty
     */
    record Write(HostAttribute attribute, String value) implements HostRequest {
        /** Refuses what {@link WriteConfig} is for, and nothing. */
        public Write {
            if (attribute == HostAttribute.CONFIG) {
                throw new IllegalArgumentException("write config takes OFFSET HEX");
            }
            if (value.isEmpty()) {
                throw new IllegalArgumentException("write %s takes a VALUE".formatted(attribute));
            }
        }
    }

    /**
     * Set some bytes of configuration space.
     *
     * @param offset first byte, 0 to 4095
     * @param hex the bytes, two hexadecimal digits each
     */
    record WriteConfig(int offset, String hex) implements HostRequest {
        /** Refuses what is not hexadecimal, and bytes outside configuration space. */
        public WriteConfig {
            requireInside(offset, HostHex.parse(hex).length);
        }

        /** The request for these bytes. */
        public static WriteConfig of(int offset, byte[] bytes) {
            return new WriteConfig(offset, HexFormat.of().formatHex(bytes));
        }

        /** The bytes to write. */
        public byte[] bytes() {
            return HostHex.parse(hex);
        }
    }

    /** Tell what happens from now on, as {@link HostEvent}s behind the reply. */
    record Watch() implements HostRequest {}

    /**
     * Reads a request.
     *
     * @param line without its LF
     * @throws IllegalArgumentException in one sentence, if it is none
     */
    static HostRequest parse(String line) {
        HostLine.check(line);
        if (line.equals("watch")) {
            return new Watch();
        }
        String rest = HostLine.rest(line);
        return switch (HostLine.word(line)) {
            case "read" -> parseRead(rest);
            case "write" -> parseWrite(rest);
            default ->
                    throw new IllegalArgumentException(
                            "a host request is read ATTRIBUTE, write ATTRIBUTE VALUE or watch");
        };
    }

    /**
     * The line for this request, without its LF.
     *
     * @throws IllegalArgumentException if a value is no text of one line or too long
     */
    default String format() {
        String line =
                switch (this) {
                    case Read(var attribute) -> "read " + attribute.sysfsName();
                    case ReadConfig(var offset, var length) ->
                            "read config %d %d".formatted(offset, length);
                    case Write(var attribute, var value) ->
                            "write " + attribute.sysfsName() + " " + HostLine.escape(value);
                    case WriteConfig(var offset, var hex) ->
                            "write config %d %s".formatted(offset, hex);
                    case Watch() -> "watch";
                };
        HostLine.check(line);
        return line;
    }

    private static HostRequest parseRead(String rest) {
        HostAttribute attribute = attribute(HostLine.word(rest));
        if (!rest.contains(" ")) {
            return new Read(attribute);
        }
        String range = HostLine.rest(rest);
        if (attribute != HostAttribute.CONFIG || !range.contains(" ")) {
            throw new IllegalArgumentException(
                    "read takes an attribute alone, or config OFFSET LENGTH");
        }
        return new ReadConfig(number(HostLine.word(range)), number(HostLine.rest(range)));
    }

    private static HostRequest parseWrite(String rest) {
        HostAttribute attribute = attribute(HostLine.word(rest));
        String value = HostLine.rest(rest);
        if (attribute != HostAttribute.CONFIG) {
            return new Write(attribute, HostLine.unescape(value));
        }
        return new WriteConfig(number(HostLine.word(value)), HostLine.rest(value));
    }

    private static HostAttribute attribute(String name) {
        return HostAttribute.of(name)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "there is no attribute \"%s\"".formatted(name)));
    }

    private static int number(String text) {
        boolean hex = text.startsWith("0x");
        String digits = hex ? text.substring(2) : text;
        // Integer.parseInt alone would take a sign and digits of other scripts.
        if (!digits.matches(hex ? "[0-9a-fA-F]{1,6}" : "[0-9]{1,7}")) {
            throw new IllegalArgumentException(
                    "config takes numbers like 16 or 0x10, not \"%s\"".formatted(text));
        }
        return Integer.parseInt(digits, hex ? 16 : 10);
    }

    private static void requireInside(int offset, int length) {
        if (offset < 0 || length < 1 || offset > CONFIG_SIZE - length) {
            throw new IllegalArgumentException(
                    "config has bytes 0 to %d, not %d bytes from %d"
                            .formatted(CONFIG_SIZE - 1, length, offset));
        }
    }
}
