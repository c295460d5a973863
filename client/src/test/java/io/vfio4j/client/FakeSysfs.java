/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/** A folder that looks like {@code /sys}, as far as PCI functions and their groups go. */
final class FakeSysfs {
    private final Path root;

    FakeSysfs(Path root) {
        this.root = root;
        directories("bus/pci/devices", "bus/pci/drivers", "kernel/iommu_groups");
    }

    Path root() {
        return root;
    }

    SysfsPci pci(String address) {
        return SysfsPci.of(root, PciAddress.of(address).orElseThrow());
    }

    Path device(String address) {
        return root.resolve("bus/pci/devices").resolve(address);
    }

    Path driver(String name) {
        return root.resolve("bus/pci/drivers").resolve(name);
    }

    /** Adds a function: as in sysfs, what is in {@code bus} is only a link to it. */
    void add(String address, int vendor, int device, int classCode) {
        Path real = root.resolve("devices/pci0000:00").resolve(address);
        directories(root.relativize(real).toString());
        link(device(address), real);
        set(address, "vendor", "0x%04x".formatted(vendor));
        set(address, "device", "0x%04x".formatted(device));
        set(address, "class", "0x%06x".formatted(classCode));
        set(address, "driver_override", "(null)");
        set(address, "power_state", "D0");
    }

    /** Unplugs a function. */
    void remove(String address) {
        delete(device(address));
        Path real = root.resolve("devices/pci0000:00").resolve(address);
        try (Stream<Path> paths = Files.walk(real)) {
            paths.sorted((a, b) -> b.compareTo(a)).forEach(FakeSysfs::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void set(String address, String attribute, String value) {
        try {
            Path file = device(address).resolve(attribute);
            Path parent = file.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            // The same file, and its first line at once: somebody may be reading.
            byte[] text = (value + "\n").getBytes(StandardCharsets.UTF_8);
            try (FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
                int _ = channel.write(ByteBuffer.wrap(text), 0);
                FileChannel _ = channel.truncate(text.length);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Loads a driver. */
    void load(String driver) {
        directories("bus/pci/drivers/" + driver);
    }

    void bind(String address, String driver) {
        load(driver);
        link(device(address).resolve("driver"), driver(driver));
    }

    void group(int number, String... members) {
        directories("kernel/iommu_groups/%d/devices".formatted(number));
        Path group = root.resolve("kernel/iommu_groups/" + number);
        for (String member : members) {
            link(device(member).resolve("iommu_group"), group);
            link(group.resolve("devices").resolve(member), device(member));
        }
    }

    void link(Path link, Path target) {
        try {
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, target);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void directories(String... folders) {
        try {
            for (String folder : folders) {
                Files.createDirectories(root.resolve(folder));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
