/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.linux.Memory;
import io.vfio4j.uapi.HostAttribute;

import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * Attributes of a device that are read again and again: kept open, which hinders nobody, not even
 * the device's removal; each read from the start shows the value anew. Any thread may read, one at
 * a time, since none of these waits for anything.
 */
final class SysfsKeptFiles implements AutoCloseable {
    /** Those it is for: what tells whether a device is awake. */
    static final Set<HostAttribute> ATTRIBUTES =
            EnumSet.of(
                    HostAttribute.POWER_STATE,
                    HostAttribute.POWER_RUNTIME_STATUS,
                    HostAttribute.POWER_RUNTIME_USAGE,
                    HostAttribute.POWER_RUNTIME_ACTIVE_TIME,
                    HostAttribute.POWER_RUNTIME_SUSPENDED_TIME);

    /** More than any of these has. */
    private static final int LENGTH = 64;

    private final SysfsPci pci;
    private final Map<HostAttribute, Fd> files = new EnumMap<>(HostAttribute.class);
    private final Memory buffer = Memory.allocate(LENGTH);
    private final byte[] bytes = new byte[LENGTH];

    SysfsKeptFiles(SysfsPci pci) {
        this.pci = pci;
    }

    /**
     * Reads an attribute.
     *
     * @return its text, without the line feed at the end
     * @throws LinuxException with what {@code open} or {@code read} says: ENODEV also if the device
     *     was removed and another one is there; the next read opens the file anew
     * @throws IllegalStateException if this is closed
     */
    synchronized String read(HostAttribute attribute) {
        Fd file = files.get(attribute);
        if (file == null) {
            if (!buffer.isOpen()) {
                throw new IllegalStateException("the files of " + pci + " are closed");
            }
            file = Fd.open(pci.directory().resolve(attribute.sysfsName()), false);
            files.put(attribute, file);
        }
        try {
            int count = (int) file.read(0, buffer, 0, LENGTH);
            buffer.get(0, bytes, 0, count);
            return new String(bytes, 0, count, StandardCharsets.US_ASCII).stripTrailing();
        } catch (LinuxException failed) {
            files.remove(attribute);
            file.close();
            throw failed;
        }
    }

    @Override
    public synchronized void close() {
        files.values().forEach(Fd::close);
        files.clear();
        buffer.close();
    }
}
