/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.charset.Charset;
import java.nio.file.Path;

/** A path as the kernel takes it: the bytes that Java's own file calls would pass, and a zero. */
final class NativePath {
    private static final Charset FILE_NAMES =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private NativePath() {}

    static byte[] bytes(Path path) {
        return path.toString().getBytes(FILE_NAMES);
    }

    static MemorySegment allocate(SegmentAllocator allocator, Path path) {
        byte[] bytes = bytes(path);
        MemorySegment string = allocator.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, string, ValueLayout.JAVA_BYTE, 0, bytes.length);
        string.set(ValueLayout.JAVA_BYTE, bytes.length, (byte) 0);
        return string;
    }
}
