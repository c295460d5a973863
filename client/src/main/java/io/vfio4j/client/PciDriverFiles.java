/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.LinuxException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The files by which a PCI function is given to a driver and taken from it. */
final class PciDriverFiles {
    static final String VFIO_PCI = "vfio-pci";

    /** What changes something and what looks around, so that a test can be the kernel. */
    interface Kernel {
        /**
         * Writes an attribute.
         *
         * @throws LinuxException if it is refused
         */
        void write(Path file, String value);

        /** Tells who has a device open by vfio. */
        List<String> users(SysfsPci pci);
    }

    static final Kernel THIS_KERNEL =
            new Kernel() {
                @Override
                public void write(Path file, String value) {
                    SysfsFile.write(file, value);
                }

                @Override
                public List<String> users(SysfsPci pci) {
                    return VfioUsers.of(pci);
                }
            };

    private final SysfsPci pci;
    private final Kernel kernel;

    PciDriverFiles(SysfsPci pci, Kernel kernel) {
        this.pci = pci;
        this.kernel = kernel;
    }

    boolean loaded(String driver) {
        return Files.isDirectory(folder(driver));
    }

    /** Says which driver alone may have the device; empty for any that fits. */
    void override(Optional<String> driver) {
        write(
                pci.directory().resolve("driver_override"),
                driver.orElse(""),
                driver.map(name -> "keeping %s for %s".formatted(pci, name))
                        .orElseGet(() -> "letting any driver have %s".formatted(pci)));
    }

    /** Binds the function; unlike a probe, this says why a driver does not want it. */
    void bind(String driver) {
        String what = "binding %s to %s".formatted(pci, driver);
        write(folder(driver).resolve("bind"), pci.toString(), what);
        if (!pci.driver().equals(Optional.of(driver))) {
            throw new VfioException(
                    Errno.EBUSY,
                    "%s: it is bound to %s instead"
                            .formatted(what, pci.driver().orElse("no driver")));
        }
    }

    /** Binds the function to whichever driver takes it. */
    void probe() {
        write(
                pci.sysfs().resolve("bus/pci/drivers_probe"),
                pci.toString(),
                "finding a driver for %s".formatted(pci));
    }

    /**
     * Takes the function from its driver, if it has one.
     *
     * @throws DeviceBusyException if that would wait for a program
     */
    void unbind() {
        Optional<String> driver = pci.driver();
        if (driver.isEmpty()) {
            return;
        }
        String what = "taking %s from %s".formatted(pci, driver.get());
        List<String> users = pci.byVfio() ? kernel.users(pci) : List.of();
        if (!users.isEmpty()) {
            throw new DeviceBusyException(
                    "%s: %s has it open, or another device of its group: end that first"
                            .formatted(what, String.join(", ", users)));
        }
        write(folder(driver.get()).resolve("unbind"), pci.toString(), what);
    }

    private Path folder(String driver) {
        return pci.sysfs().resolve("bus/pci/drivers").resolve(driver);
    }

    private void write(Path file, String value, String what) {
        try {
            kernel.write(file, value);
        } catch (LinuxException refused) {
            throw explain(what, refused);
        }
    }

    private VfioException explain(String what, LinuxException refused) {
        Errno errno = refused.errno();
        if (!pci.exists()) {
            return new DeviceNotFoundException(
                    Errno.ENODEV, what + ": ENODEV (the device was removed)", refused);
        }
        boolean forbidden = errno.equals(Errno.EACCES) || errno.equals(Errno.EPERM);
        return new VfioException(
                errno,
                "%s: %s (%s%s)"
                        .formatted(
                                what,
                                errno.name(),
                                errno.description(),
                                forbidden ? ": this needs root" : ""),
                refused);
    }
}
