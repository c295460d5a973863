/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;
import io.vfio4j.uapi.HostAttribute;

import java.util.Optional;

/** What a watch looks at, until the device is removed. */
final class SysfsPowerFiles implements SysfsPower.Source, AutoCloseable {
    private final SysfsPci pci;
    private final SysfsKeptFiles files;

    SysfsPowerFiles(SysfsPci pci) {
        this.pci = pci;
        files = new SysfsKeptFiles(pci);
    }

    @Override
    public Optional<String> read(HostAttribute attribute) {
        try {
            return files.read(attribute).lines().findFirst();
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

    @Override
    public void close() {
        files.close();
    }
}
