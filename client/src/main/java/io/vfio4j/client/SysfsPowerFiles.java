/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.HostAttribute;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Attributes of a device that are read again and again: kept open, which hinders nobody, not even
 * the device's removal. For one thread.
 */
final class SysfsPowerFiles implements SysfsPower.Source, AutoCloseable {
    /** More than any of these has. */
    private static final int LENGTH = 64;

    private final SysfsPci pci;
    private final Map<HostAttribute, Fd> files = new EnumMap<>(HostAttribute.class);
    private final Memory buffer = Memory.allocate(LENGTH);
    private final byte[] bytes = new byte[LENGTH];

    SysfsPowerFiles(SysfsPci pci) {
        this.pci = pci;
    }

    @Override
    public Optional<String> read(HostAttribute attribute) {
        try {
            Fd file = files.computeIfAbsent(attribute, this::open);
            int count = (int) file.read(0, buffer, 0, LENGTH);
            buffer.get(0, bytes, 0, count);
            return new String(bytes, 0, count, StandardCharsets.US_ASCII).lines().findFirst();
        } catch (LinuxException failed) {
            if (failed.errno().equals(Errno.ENODEV) || !pci.exists()) {
                throw new DeviceNotFoundException(
                        Errno.ENODEV, "%s was removed".formatted(pci), failed);
            }
            if (failed.errno().equals(Errno.ENOENT) || failed.errno().equals(Errno.EIO)) {
                return Optional.empty();
            }
            throw new VfioException(
                    failed.errno(),
                    "reading %s of %s: %s".formatted(attribute, pci, failed.getMessage()),
                    failed);
        }
    }

    private Fd open(HostAttribute attribute) {
        return Fd.open(pci.directory().resolve(attribute.sysfsName()), false);
    }

    @Override
    public void close() {
        files.values().forEach(Fd::close);
        buffer.close();
    }
}
