/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.bridge;

import io.vfio4j.linux.Fd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Whether a client's process has a file of the device mapped, as /proc tells. A file in memory, and
 * what is mapped of a device, have a name there that is the same in every process.
 */
final class ClientMappings {
    private ClientMappings() {}

    /**
     * Looks.
     *
     * @param process the client's; empty if it is not to be seen
     * @param files what it may have mapped
     * @return true also if that cannot be told
     */
    static boolean any(OptionalInt process, List<Fd> files) {
        if (process.isEmpty()) {
            return !files.isEmpty();
        }
        Path maps = Path.of("/proc", Integer.toString(process.getAsInt()), "maps");
        try (Stream<String> lines = Files.lines(maps)) {
            List<String> names = files.stream().map(ClientMappings::name).toList();
            return lines.anyMatch(line -> names.stream().anyMatch(line::endsWith));
        } catch (NoSuchFileException gone) {
            return false;
        } catch (IOException | java.io.UncheckedIOException unreadable) {
            return true;
        }
    }

    private static String name(Fd file) {
        try {
            return " "
                    + Files.readSymbolicLink(
                            Path.of("/proc/self/fd", Integer.toString(file.number())));
        } catch (IOException gone) {
            throw new java.io.UncheckedIOException(gone);
        }
    }
}
