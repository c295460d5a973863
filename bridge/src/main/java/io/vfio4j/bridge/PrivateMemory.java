/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.linux.FileStatus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whether a client has memory, of which it has sent the descriptor, mapped for itself alone: it
 * would never see what a device writes there, nor a device what it writes. QEMU sends descriptors
 * of such memory too (share=off, which is what memory-backend-file does by itself), and the guest
 * finds out by what it loses.
 *
 * <p>Threads: one at a time.
 */
final class PrivateMemory {
    // A line of /proc/PID/maps: addresses, rights, offset, device, inode, name.
    private static final int RIGHTS = 1;
    private static final int DEVICE = 3;
    private static final int INODE = 4;

    private final OptionalInt process;
    private final Set<File> shared = new HashSet<>();

    private record File(long device, long inode) {
        private static File of(FileStatus status) {
            return new File(status.device(), status.inode());
        }
    }

    /**
     * The memory of one client.
     *
     * @param process the client's; empty if it is not to be seen
     */
    PrivateMemory(OptionalInt process) {
        this.process = process;
    }

    /** Whether it is so for certain: the client has the file mapped, and nowhere shared. */
    boolean holds(FileStatus memory) {
        File file = File.of(memory);
        if (process.isEmpty() || shared.contains(file)) {
            return false;
        }
        List<String> rights = mappings(process.getAsInt(), file);
        boolean isPrivate =
                !rights.isEmpty() && rights.stream().allMatch(right -> right.endsWith("p"));
        if (!isPrivate) {
            // Looked up once: a guest's memory comes in many windows.
            shared.add(file);
        }
        return isPrivate;
    }

    private static List<String> mappings(int process, File file) {
        Path maps = Path.of("/proc", Integer.toString(process), "maps");
        try (Stream<String> lines = Files.lines(maps)) {
            return lines.map(line -> line.split(" +", INODE + 2))
                    .filter(fields -> fields.length > INODE && isOf(fields, file))
                    .map(fields -> fields[RIGHTS])
                    .toList();
        } catch (IOException | UncheckedIOException unreadable) {
            // Then it cannot be told.
            return List.of();
        }
    }

    private static boolean isOf(String[] fields, File file) {
        long major = file.device >>> Integer.SIZE;
        String device = "%02x:%02x".formatted(major, (int) file.device);
        return fields[DEVICE].equals(device) && fields[INODE].equals(Long.toString(file.inode));
    }
}
