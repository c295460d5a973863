/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Errno;

import java.util.HexFormat;

/** One reply of the host side: {@code ok}, {@code ok VALUE}, or {@code error ERRNO MESSAGE}. */
public sealed interface HostReply {
    /**
     * The request was done.
     *
     * @param value what was read, lines of it separated by LF; empty for a write and for watch
     */
    record Ok(String value) implements HostReply {
        /** The reply to a read of configuration space. */
        public static Ok ofBytes(byte[] bytes) {
            return new Ok(HexFormat.of().formatHex(bytes));
        }

        /**
         * The bytes in the reply to a read of configuration space.
         *
         * @throws IllegalArgumentException if the value is not hexadecimal
         */
        public byte[] bytes() {
            return HostHex.parse(value);
        }
    }

    /**
     * The request failed.
     *
     * @param errno why, number 1 to 4095
     * @param message why, as a sentence; may be empty
     */
    record Failed(Errno errno, String message) implements HostReply {
        /** Refuses a number that is no errno. */
        public Failed {
            if (errno.number() < 1 || errno.number() > 4095) {
                throw new IllegalArgumentException(
                        "an errno is 1 to 4095, not %d".formatted(errno.number()));
            }
        }
    }

    /**
     * Reads a reply.
     *
     * @param line without its LF
     * @throws IllegalArgumentException in one sentence, if it is none
     */
    static HostReply parse(String line) {
        HostLine.check(line);
        String rest = HostLine.rest(line);
        return switch (HostLine.word(line)) {
            case "ok" -> new Ok(HostLine.unescape(rest));
            case "error" -> {
                String errno = HostLine.word(rest);
                if (!errno.matches("[0-9]{1,4}")) {
                    throw new IllegalArgumentException("an error reply is error ERRNO MESSAGE");
                }
                yield new Failed(
                        Errno.of(Integer.parseInt(errno)), HostLine.unescape(HostLine.rest(rest)));
            }
            default ->
                    throw new IllegalArgumentException(
                            "a host reply is ok VALUE or error ERRNO MESSAGE");
        };
    }

    /**
     * The line for this reply, without its LF.
     *
     * @throws IllegalArgumentException if the text has control characters other than LF or is too
     *     long for a line
     */
    default String format() {
        String line =
                switch (this) {
                    case Ok(var value) -> value.isEmpty() ? "ok" : "ok " + HostLine.escape(value);
                    case Failed(var errno, var message) ->
                            "error "
                                    + errno.number()
                                    + (message.isEmpty() ? "" : " " + HostLine.escape(message));
                };
        HostLine.check(line);
        return line;
    }
}
