/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.nio.charset.StandardCharsets;

/**
 * The text of the host side's lines. The protocol is lines of UTF-8, each ended by LF: a client
 * sends a {@link HostRequest}, the server answers with one {@link HostReply}, and after {@code
 * watch} goes on with {@link HostEvent}s. Free text is the last thing in a line; a backslash in it
 * is written {@code \\}, a line feed {@code \n}, and no other control character is allowed.
 */
public final class HostLine {
    /** Longest line, bytes with its LF. */
    public static final int MAX_BYTES = 16 * 1024;

    private HostLine() {}

    /** Refuses what is not one line of text. */
    static void check(String line) {
        for (int i = 0; i < line.length(); i++) {
            if (Character.isISOControl(line.charAt(i))) {
                throw new IllegalArgumentException(
                        "control character 0x%02x at position %d of a host line"
                                .formatted((int) line.charAt(i), i));
            }
        }
        // A char is at least one byte, so a line that is too long is not encoded to find out.
        if (line.length() >= MAX_BYTES
                || line.getBytes(StandardCharsets.UTF_8).length >= MAX_BYTES) {
            throw tooLong();
        }
    }

    static IllegalArgumentException tooLong() {
        return new IllegalArgumentException("host line of more than %d bytes".formatted(MAX_BYTES));
    }

    static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n");
    }

    static String unescape(String text) {
        var plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
                char escaped = i < text.length() ? text.charAt(i) : ' ';
                plain.append(
                        switch (escaped) {
                            case '\\' -> '\\';
                            case 'n' -> '\n';
                            default ->
                                    throw new IllegalArgumentException(
                                            "a backslash in a host line is followed by"
                                                    + " a backslash or an n");
                        });
            } else {
                plain.append(c);
            }
        }
        return plain.toString();
    }

    /** The line up to the first space. */
    static String word(String line) {
        int space = line.indexOf(' ');
        return space < 0 ? line : line.substring(0, space);
    }

    /** What follows the first space; empty without one. */
    static String rest(String line) {
        int space = line.indexOf(' ');
        return space < 0 ? "" : line.substring(space + 1);
    }
}
