/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Who has a device open by vfio, as far as this user may see: root sees all. Taking a device from
 * vfio-pci waits for them, for ever if need be and deaf to signals, so it is good to know first.
 *
 * <p>Seen are the group's file, the character device, and what is left of a device whose group's
 * file was closed: its own descriptor, and mappings of it. Of such a descriptor newer kernels name
 * the device; of others, and of the mappings, only that they are some device's. They count as this
 * one's where nothing else of its program's is open, nobody else is known to have the group, and
 * the kernel says that the group is in use; then it is "perhaps" that program.
 */
final class VfioUsers {
    private static final Path PROC = Path.of("/proc");
    private static final String DEVICE = "anon_inode:[vfio-device]";
    private static final String NAMED = "vfio-device-syspath:";

    /** How sure it is that a program has the device. */
    private enum Evidence {
        NONE,
        SOME_DEVICE,
        THIS_DEVICE
    }

    private final SysfsPci pci;
    private final Set<String> files;

    private VfioUsers(SysfsPci pci) {
        this.pci = pci;
        files = files(pci);
    }

    /**
     * The programs that have the device's group, its character device, the device itself or a
     * mapping of it open, each as {@code qemu-system-x86 (process 4711)}, with "perhaps" before it
     * if it may be another device.
     */
    static List<String> of(SysfsPci pci) {
        return of(pci, PROC, VfioUsers::inUse);
    }

    /**
     * As {@link #of(SysfsPci)}.
     *
     * @param inUse whether a group's file is in use by somebody
     */
    static List<String> of(SysfsPci pci, Path proc, Predicate<Path> inUse) {
        return new VfioUsers(pci).in(proc, inUse);
    }

    private List<String> in(Path proc, Predicate<Path> inUse) {
        List<String> users = new ArrayList<>();
        List<String> perhaps = new ArrayList<>();
        if (!files.isEmpty()) {
            for (Path process : entries(proc)) {
                String pid = String.valueOf(process.getFileName());
                if (pid.chars().allMatch(Character::isDigit)) {
                    switch (evidence(process)) {
                        case THIS_DEVICE -> users.add(describe(process, pid));
                        case SOME_DEVICE -> perhaps.add("perhaps " + describe(process, pid));
                        case NONE -> {}
                    }
                }
            }
        }
        if (users.isEmpty() && !perhaps.isEmpty() && group(pci).filter(inUse).isPresent()) {
            users = perhaps;
        }
        users.sort(null);
        return users;
    }

    private Evidence evidence(Path process) {
        boolean some = false;
        boolean others = false;
        for (Path link : entries(process.resolve("fd"))) {
            String file = target(link);
            if (files.contains(file)) {
                return Evidence.THIS_DEVICE;
            }
            others |= file.startsWith("/dev/vfio/") && !file.equals("/dev/vfio/vfio");
            if (file.equals(DEVICE)) {
                Optional<String> named = named(process.resolve("fdinfo").resolve(name(link)));
                if (named.filter(path -> path.endsWith("/" + pci)).isPresent()) {
                    return Evidence.THIS_DEVICE;
                }
                some |= named.isEmpty();
                others |= named.isPresent();
            }
        }
        Set<String> mapped = mapped(process);
        if (mapped.stream().anyMatch(files::contains)) {
            return Evidence.THIS_DEVICE;
        }
        some |= mapped.contains(DEVICE);
        // Whoever has another device open has these of that one, as far as anybody can tell.
        return some && !others ? Evidence.SOME_DEVICE : Evidence.NONE;
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

    private static Optional<Path> group(SysfsPci pci) {
        return pci.iommuGroup().stream().mapToObj(KernelFiles.DEFAULT::group).findFirst();
    }

    /** The kernel opens a group once only, and not while a device of it is open. Wakes nobody. */
    private static boolean inUse(Path group) {
        try (Fd _ = Fd.open(group, true)) {
            return false;
        } catch (LinuxException refused) {
            return refused.errno().equals(Errno.EBUSY);
        }
    }

    /** Where a link points; nowhere if the file was closed meanwhile. */
    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closed) {
            return "";
        }
    }

    /** Which device a descriptor is, by its path in sysfs, where the kernel tells. */
    private static Optional<String> named(Path fdinfo) {
        return lines(fdinfo).stream()
                .filter(line -> line.startsWith(NAMED))
                .map(line -> line.substring(NAMED.length()).strip())
                .findFirst();
    }

    /** The files of vfio that a program has mapped. */
    private static Set<String> mapped(Path process) {
        Set<String> mapped = new HashSet<>();
        for (String line : lines(process.resolve("maps"))) {
            int at = line.indexOf("/dev/vfio/");
            if (line.endsWith(DEVICE)) {
                mapped.add(DEVICE);
            } else if (at >= 0) {
                mapped.add(line.substring(at));
            }
        }
        return mapped;
    }

    private static String describe(Path process, String pid) {
        return "%s (process %s)"
                .formatted(
                        lines(process.resolve("comm")).stream().findFirst().orElse("a program"),
                        pid);
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** Nothing where this user may not look, or where nothing is any more. */
    private static List<String> lines(Path file) {
        // A program's name, or a file's, may be in any encoding.
        try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            return lines.toList();
        } catch (IOException | UncheckedIOException unseen) {
            return List.of();
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
