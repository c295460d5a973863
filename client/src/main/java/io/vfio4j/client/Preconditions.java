/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What must be so before the kernel gives a device away, and sentences for where it is not. */
final class Preconditions {
    private Preconditions() {}

    /**
     * Refuses a device that vfio-pci cannot give away.
     *
     * @return its IOMMU group
     */
    static int require(SysfsPci device) {
        device.require();
        int group =
                device.iommuGroup()
                        .orElseThrow(() ->
                                new VfioException(
                                        Errno.ENODEV,
                                        ("%s is in no IOMMU group: no IOMMU is active: enable it (intel_iommu=on or amd_iommu=on"
                                                        + " on the kernel's command line, VT-d or AMD-Vi in the firmware)")
                                                .formatted(device)));
        if (device.withoutIommu()) {
            throw new VfioException(
                    Errno.EOPNOTSUPP,
                    ("%s is in a group without an IOMMU (enable_unsafe_noiommu_mode), which this library does"
                                    + " not open: enable an IOMMU (intel_iommu=on or amd_iommu=on)")
                            .formatted(device));
        }
        Optional<String> driver = device.driver();
        if (driver.isEmpty()) {
            throw new VfioException(
                    Errno.ENODEV,
                    "%s is bound to no driver: bind it by `vfio4j bind %s`"
                            .formatted(device, device));
        }
        if (!device.byVfio()) {
            throw new VfioException(
                    Errno.ENODEV,
                    "%s is bound to %s, not to vfio-pci: bind it by `vfio4j bind %s`"
                            .formatted(device, driver.get(), device));
        }
        return group;
    }

    /** The sentence for a group that is not all vfio's. */
    static VfioException notViable(SysfsPci device) {
        return foreigner(device)
                .orElseGet(() ->
                        new VfioException(
                                Errno.EPERM,
                                ("%s: its IOMMU group is used by the kernel: bind all of the group's devices to vfio-pci, or to"
                                                + " no driver")
                                        .formatted(device)));
    }

    /** The sentence for a group that cannot be claimed. */
    static VfioException claimRefused(SysfsPci device, Errno errno) {
        return foreigner(device)
                .orElseGet(() ->
                        errno.equals(Errno.EBUSY)
                                ? busy(device, "its IOMMU group")
                                : Answers.failed(
                                        errno,
                                        "%s: claiming its IOMMU group".formatted(device),
                                        ": another program has it, or the IOMMU cannot keep its devices apart"));
    }

    /**
     * The sentence for what somebody has open.
     *
     * @param what it is, as in "its IOMMU group"
     */
    static DeviceBusyException busy(SysfsPci device, String what) {
        List<String> users = new ArrayList<>(VfioUsers.of(device));
        if (users.size() > 1) {
            // This one is just trying.
            String self = "(process %d)".formatted(ProcessHandle.current().pid());
            users.removeIf(user -> user.endsWith(self));
        }
        return new DeviceBusyException(
                users.isEmpty()
                        ? ("%s: %s is in use: another program has it, or it has been opened by the other of the"
                                        + " kernel's two interfaces, or a mapping of this program's has outlived its device")
                                .formatted(device, what)
                        : "%s: %s is in use by %s"
                                .formatted(device, what, String.join(" and ", users)));
    }

    private static Optional<VfioException> foreigner(SysfsPci device) {
        for (SysfsPci member : device.groupMembers()) {
            String driver = member.driver().orElse("");
            if (!member.address().equals(device.address()) && member.usedByHost()) {
                return Optional.of(
                        new VfioException(
                                Errno.EPERM,
                                "%s: group %d has another device, %s, bound to %s: bind it to vfio-pci too, by `vfio4j bind %s`"
                                        .formatted(
                                                device,
                                                device.iommuGroup().orElse(-1),
                                                member,
                                                driver,
                                                member)));
            }
        }
        return Optional.empty();
    }

    /** The sentence for a device that the kernel does not open, though its group is claimed. */
    static VfioException openRefused(SysfsPci device, boolean token, Errno errno) {
        if (errno.equals(Errno.EACCES)) {
            String what =
                    token
                            ? "the vf_token is not the one of its physical function, which that one's user sets by"
                                    + " opening it first with the same"
                            : "it belongs to SR-IOV functions that share a secret: give that vf_token"
                                    + " (OpenOptions.withVfToken, --vf-token)";
            return new VfioException(errno, "%s: permission denied: %s".formatted(device, what));
        }
        if (errno.equals(Errno.EINVAL) && token) {
            return new VfioException(
                    errno,
                    ("%s takes no vf_token: it is no SR-IOV function, or a virtual one whose physical one is"
                                    + " not bound to vfio-pci")
                            .formatted(device));
        }
        if (errno.equals(Errno.ENODEV)) {
            return new VfioException(
                    errno,
                    "%s: the kernel does not give it away: is it still bound to vfio-pci?"
                            .formatted(device));
        }
        if (errno.equals(Errno.EBUSY)) {
            return new DeviceBusyException(
                    "%s: the kernel says that it is busy: another program has it, or is resetting it"
                            .formatted(device));
        }
        String advice =
                errno.equals(Errno.EIO)
                        ? ": it could not be woken, or does not answer (see the kernel's log)"
                        : "";
        return Answers.failed(errno, "opening %s".formatted(device), advice);
    }

    /** The sentence for a device without a character device. */
    static VfioException noCdev(SysfsPci device) {
        return new VfioException(
                Errno.EOPNOTSUPP,
                ("%s has no character device: the kernel is older than 6.6, or was built without"
                                + " VFIO_DEVICE_CDEV; open it by its group")
                        .formatted(device));
    }
}
