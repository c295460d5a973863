/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Who has a device open by vfio, as far as this user may see: root sees all. Taking a device from
 * vfio-pci waits for them, for ever if need be and deaf to signals, so it is good to know first.
 */
final class VfioUsers {
    private static final Path PROC = Path.of("/proc");

    private VfioUsers() {}

    /**
     * The programs that have the device's group or its character device open, each as {@code
     * qemu-system-x86 (process 4711)}.
     */
    static List<String> of(SysfsPci pci) {
        return of(pci, PROC);
    }

    static List<String> of(SysfsPci pci, Path proc) {
        Set<String> files = files(pci);
        List<String> users = new ArrayList<>();
        if (!files.isEmpty()) {
            for (Path process : entries(proc)) {
                String pid = String.valueOf(process.getFileName());
                if (pid.chars().allMatch(Character::isDigit)
                        && entries(process.resolve("fd")).stream()
                                .anyMatch(pointsTo(files::contains))) {
                    users.add("%s (process %s)".formatted(name(process), pid));
                }
            }
        }
        users.sort(null);
        return users;
    }

    private static Set<String> files(SysfsPci pci) {
        Set<String> files = new HashSet<>();
        pci.iommuGroup()
                .ifPresent(group -> {
                    files.add("/dev/vfio/" + group);
                    files.add("/dev/vfio/noiommu-" + group);
                });
        pci.vfioDevice().ifPresent(name -> files.add("/dev/vfio/devices/" + name));
        return files;
    }

    private static Predicate<Path> pointsTo(Predicate<String> file) {
        return link -> {
            try {
                return file.test(Files.readSymbolicLink(link).toString());
            } catch (IOException closed) {
                return false;
            }
        };
    }

    private static String name(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException gone) {
            return "a program";
        }
    }

    /** Nothing where this user may not look, or where nothing is any more. */
    private static List<Path> entries(Path folder) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(entries::add);
        } catch (IOException | java.nio.file.DirectoryIteratorException unseen) {
            return entries;
        }
        return entries;
    }
}
