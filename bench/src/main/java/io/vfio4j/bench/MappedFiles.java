/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What this process has mapped, as the kernel tells it in /proc/self/maps. */
final class MappedFiles {
    private static final Path MAPS = Path.of("/proc/self/maps");

    /** Address, permissions, offset, device, inode, then the file. */
    private static final int FIELDS = 6;

    private final Set<String> before;

    private MappedFiles(Set<String> before) {
        this.before = before;
    }

    /** Remembers what is mapped now. */
    static MappedFiles now() {
        return new MappedFiles(Set.copyOf(shared()));
    }

    /** The files of shared mappings that have come since, each once. */
    List<String> since() {
        Set<String> files = new TreeSet<>();
        for (String line : shared()) {
            if (!before.contains(line)) {
                files.add(line.split(" +", FIELDS)[FIELDS - 1]);
            }
        }
        return List.copyOf(files);
    }

    private static List<String> shared() {
        List<String> lines = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(MAPS)) {
                String[] fields = line.split(" +", FIELDS);
                if (fields.length == FIELDS && fields[1].endsWith("s")) {
                    lines.add(line);
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return lines;
    }
}
