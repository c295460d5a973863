/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.server;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Bytes to put together and to look into, little-endian. */
final class Bytes {
    private byte[] data;
    private int length;

    Bytes() {
        this(new byte[64]);
        length = 0;
    }

    Bytes(byte[] data) {
        this.data = data;
        length = data.length;
    }

    Bytes u8(int value) {
        if (length == data.length) {
            data = Arrays.copyOf(data, 2 * length + 1);
        }
        data[length++] = (byte) value;
        return this;
    }

    private Bytes number(long value, int width) {
        for (int i = 0; i < width; i++) {
            u8((int) (value >> (8 * i)));
        }
        return this;
    }

    Bytes u16(int value) {
        return number(value, 2);
    }

    Bytes u32(long value) {
        return number(value, 4);
    }

    Bytes u64(long value) {
        return number(value, 8);
    }

    Bytes bytes(byte[] more) {
        data = Arrays.copyOf(data, length + more.length);
        System.arraycopy(more, 0, data, length, more.length);
        length = data.length;
        return this;
    }

    Bytes bytes(Bytes more) {
        return bytes(more.toArray());
    }

    Bytes text(String text) {
        return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    int length() {
        return length;
    }

    byte[] toArray() {
        return Arrays.copyOf(data, length);
    }

    byte[] from(int offset) {
        return Arrays.copyOfRange(data, offset, length);
    }

    private long numberAt(int offset, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | (data[offset + i] & 0xff);
        }
        return value;
    }

    long u64At(int offset) {
        return numberAt(offset, 8);
    }

    long u32At(int offset) {
        return numberAt(offset, 4);
    }

    int u16At(int offset) {
        return (int) numberAt(offset, 2);
    }

    @Override
    public String toString() {
        return HexFormat.ofDelimiter(" ").formatHex(data, 0, length);
    }
}
