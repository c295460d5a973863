/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;
import io.vfio4j.linux.Fd;
import io.vfio4j.linux.LinuxException;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files by which the kernel gives devices away.
 *
 * @param dev where they are: {@code /dev}
 */
record KernelFiles(Path dev) {
    static final KernelFiles DEFAULT = new KernelFiles(Path.of("/dev"));

    Path container() {
        return dev.resolve("vfio/vfio");
    }

    Path group(int number) {
        return dev.resolve("vfio/" + number);
    }

    Path iommufd() {
        return dev.resolve("iommu");
    }

    /** The character device of that name. */
    Path device(String name) {
        return dev.resolve("vfio/devices").resolve(name);
    }

    /**
     * Opens one of them.
     *
     * @param device for whose sake, for the sentence
     * @param absent what to do if it is not there
     */
    static Fd open(Path file, SysfsPci device, String absent) {
        try {
            return Fd.open(file, true);
        } catch (LinuxException refused) {
            throw refused(file, device, absent, refused);
        }
    }

    /** The sentence for one that cannot be opened. */
    static VfioException refused(
            Path file, SysfsPci device, String absent, LinuxException refused) {
        Errno errno = refused.errno();
        if (errno.equals(Errno.ENOENT) || errno.equals(Errno.ENXIO)) {
            return new VfioException(
                    errno, "%s: there is no %s: %s".formatted(device, file, absent), refused);
        }
        if (errno.equals(Errno.EACCES) || errno.equals(Errno.EPERM)) {
            return new VfioException(
                    errno,
                    ("%s: %s: permission denied: run this as root, or give that file to this user (by a"
                                    + " udev rule, or chown)")
                            .formatted(device, file),
                    refused);
        }
        if (errno.equals(Errno.EBUSY)) {
            return Preconditions.busy(device, file.toString());
        }
        if (errno.equals(Errno.EMFILE)) {
            return new VfioException(
                    errno,
                    "%s: %s cannot be opened: raise this process's limit of descriptors (ulimit -n)"
                            .formatted(device, file),
                    refused);
        }
        return Answers.failed(errno, "%s: opening %s".formatted(device, file), "");
    }

    /** Whether this user may open that file. */
    static boolean usable(Path file) {
        return Files.isReadable(file) && Files.isWritable(file);
    }
}
