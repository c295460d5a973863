/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Cuts bytes as they arrive from the host side's socket into lines. One per connection; not safe
 * for several threads at once. After it has thrown, the stream is lost and the connection should be
 * closed.
 */
public final class HostLineDecoder {
    private final byte[] pending = new byte[HostLine.MAX_BYTES];
    private int length;

    /** An empty one, for a new connection. */
    public HostLineDecoder() {}

    /**
     * Takes the next bytes and gives each line they complete to {@code lines}, without its LF.
     *
     * @throws IllegalArgumentException if a line is longer than {@link HostLine#MAX_BYTES} or not
     *     UTF-8; lines before it have been given
     */
    public void feed(byte[] bytes, int offset, int count, Consumer<String> lines) {
        for (int i = offset; i < offset + count; i++) {
            if (bytes[i] == '\n') {
                String line = decode();
                length = 0;
                lines.accept(line);
            } else if (length == pending.length - 1) {
                throw HostLine.tooLong();
            } else {
                pending[length++] = bytes[i];
            }
        }
    }

    /** Whether the stream could end here: no line has been begun. */
    public boolean atLineStart() {
        return length == 0;
    }

    private String decode() {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(pending, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("host line is not UTF-8", e);
        }
    }
}
