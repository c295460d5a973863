/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** One attribute in sysfs: one read gives all of it, one write sets it. */
final class SysfsFile {
    /** Sysfs shows a page at most. */
    private static final int PAGE = 4096;

    private SysfsFile() {}

    /**
     * Reads an attribute.
     *
     * @param file its path
     * @return its text, without the line feed at the end
     * @throws LinuxException with what {@code open} or {@code read} says
     */
    static String read(Path file) {
        try (Fd fd = Fd.open(file, false);
                Memory memory = Memory.allocate(PAGE)) {
            byte[] bytes = new byte[(int) fd.read(0, memory, 0, PAGE)];
            memory.get(0, bytes, 0, bytes.length);
            return new String(bytes, StandardCharsets.UTF_8).stripTrailing();
        }
    }

    /**
     * Writes an attribute and waits for what that does.
     *
     * @param file its path
     * @param value the text; an empty one is written as a line feed, which empties an attribute
     * @throws LinuxException with what {@code open} or {@code write} says
     */
    static void write(Path file, String value) {
        byte[] bytes = (value.isEmpty() ? "\n" : value).getBytes(StandardCharsets.UTF_8);
        try (Fd fd = Fd.openToReplace(file);
                Memory memory = Memory.allocate(bytes.length)) {
            memory.put(0, bytes, 0, bytes.length);
            long _ = fd.write(0, memory, 0, bytes.length);
        }
    }
}
