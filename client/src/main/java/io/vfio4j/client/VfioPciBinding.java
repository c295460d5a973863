/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

import io.vfio4j.linux.Errno;

import java.util.Optional;

/**
 * A device of this machine in the hands of vfio-pci, until {@link #close} gives it back to the
 * driver it had. Needs root, and the module vfio-pci loaded.
 *
 * <p>Binding says {@code vfio-pci} in the device's {@code driver_override}, so that no other device
 * of its kind is taken, and no other driver takes this one. What fails on the way is undone. A
 * program that ends without {@link #close} leaves the device with vfio-pci; {@link #release} is the
 * way back for another one.
 *
 * <p>Taking a device from vfio-pci while a program has it open would wait for that program, deaf to
 * signals: closing and releasing look for such a program first, and refuse. One that opens the
 * device just then, or that this user may not see, is still waited for; so may be one that has
 * closed the group's file and kept only the device or a mapping of it, if it has devices of other
 * groups open too and the kernel is too old to say which is which.
 *
 * <p>Threads: any; one that binds or unbinds the same device at the same time, here or elsewhere,
 * may come in between.
 */
public final class VfioPciBinding implements AutoCloseable {
    /** Base class and subclass. */
    private static final int PCI_BRIDGE = 0x0604;

    private final SysfsPci pci;
    private final PciDriverFiles files;
    private final boolean taken;
    private final Optional<String> driver;
    private final Optional<String> override;
    private boolean closed;

    private VfioPciBinding(SysfsPci pci, PciDriverFiles files) {
        this.pci = pci;
        this.files = files;
        taken = !pci.byVfio();
        driver = pci.driver();
        // Asking for it waits for whoever is taking the device from its driver, and so for its
        // user.
        override = taken ? pci.driverOverride() : Optional.empty();
    }

    /**
     * Takes a device from its driver, if it has one, and gives it to vfio-pci. A device that vfio
     * has already, by vfio-pci or a variant of it for this kind of device, is left as it is; then
     * closing does nothing.
     *
     * @param address where the device sits
     * @return the binding; whether to close it is the caller's choice
     * @throws DeviceNotFoundException if nothing sits there
     * @throws VfioException with ENOENT if the module vfio-pci is not loaded, EACCES or EPERM
     *     without root, EINVAL if there is no IOMMU for the device or it is a bridge, and whatever
     *     else vfio-pci refuses the device with; it is then as it was, unless a suppressed
     *     exception tells otherwise
     */
    public static VfioPciBinding bind(PciAddress address) {
        return bind(SysfsPci.of(address), PciDriverFiles.THIS_KERNEL);
    }

    static VfioPciBinding bind(SysfsPci pci, PciDriverFiles.Kernel kernel) {
        pci.require();
        VfioPciBinding binding = new VfioPciBinding(pci, new PciDriverFiles(pci, kernel));
        if (binding.taken) {
            binding.take();
        }
        return binding;
    }

    /**
     * Gives a device back from vfio-pci to the driver that it usually has: whichever the kernel
     * chooses once nobody says anything else. Does nothing to a device that vfio neither has nor is
     * to have.
     *
     * @param address where the device sits
     * @return the driver that has it now; empty if none that is loaded takes it
     * @throws DeviceNotFoundException if nothing sits there
     * @throws DeviceBusyException if a program has it open
     * @throws VfioException with EACCES or EPERM without root
     */
    public static Optional<String> release(PciAddress address) {
        return release(SysfsPci.of(address), PciDriverFiles.THIS_KERNEL);
    }

    static Optional<String> release(SysfsPci pci, PciDriverFiles.Kernel kernel) {
        pci.require();
        PciDriverFiles files = new PciDriverFiles(pci, kernel);
        if (pci.byVfio()) {
            files.unbind();
        }
        if (pci.driverOverride().filter(SysfsPci::isOfVfio).isPresent()) {
            files.override(Optional.empty());
        }
        if (pci.driver().isEmpty()) {
            files.probe();
        }
        return pci.driver();
    }

    /** Where the device sits. */
    public PciAddress address() {
        return pci.address();
    }

    /** The driver that the device had before, to which {@link #close} gives it back. */
    public Optional<String> previousDriver() {
        return driver;
    }

    private void take() {
        if (!files.loaded(PciDriverFiles.VFIO_PCI)) {
            throw new VfioException(
                    Errno.ENOENT,
                    ("binding %s to vfio-pci: ENOENT (that module is not loaded: modprobe vfio-pci"
                                    + " loads it)")
                            .formatted(pci));
        }
        if (pci.classCode() >> 8 == PCI_BRIDGE) {
            throw new VfioException(
                    Errno.EINVAL,
                    ("binding %s to vfio-pci: EINVAL (it is a bridge, and vfio-pci takes none: bind what"
                                    + " is behind it)")
                            .formatted(pci));
        }
        files.override(Optional.of(PciDriverFiles.VFIO_PCI));
        try {
            files.unbind();
            files.bind(PciDriverFiles.VFIO_PCI);
        } catch (VfioException refused) {
            VfioException reason = explain(refused);
            undo(reason);
            throw reason;
        }
    }

    private VfioException explain(VfioException refused) {
        if (refused.errno().equals(Errno.EINVAL) && pci.exists() && pci.iommuGroup().isEmpty()) {
            return new VfioException(
                    Errno.EINVAL,
                    ("binding %s to vfio-pci: EINVAL (no IOMMU stands between it and memory: switch one"
                                    + " on in the firmware, and on the kernel's command line by"
                                    + " intel_iommu=on where that is needed)")
                            .formatted(pci),
                    refused);
        }
        return refused;
    }

    /** Back to what was, as far as it goes. */
    private void undo(VfioException reason) {
        try {
            restore();
        } catch (VfioException also) {
            reason.addSuppressed(also);
        }
    }

    private void restore() {
        if (!pci.exists()) {
            return;
        }
        try {
            files.override(override);
        } catch (VfioException refused) {
            // Without a driver the device would be lost to everybody.
            try {
                rebind();
            } catch (VfioException also) {
                refused.addSuppressed(also);
            }
            throw refused;
        }
        rebind();
    }

    private void rebind() {
        if (driver.isPresent() && pci.driver().isEmpty() && files.loaded(driver.get())) {
            files.bind(driver.get());
        }
    }

    /**
     * Gives the device back to the driver that it had, or to none if it had none or that one is not
     * loaded any more. Does nothing if vfio had the device before, or if it has been removed.
     * Closing again does nothing.
     *
     * @throws DeviceBusyException if a program has the device open, this one among them: close it
     *     first, then this again
     * @throws VfioException with EACCES or EPERM without root, or with what its old driver refuses
     *     it with
     */
    @Override
    public synchronized void close() {
        if (!closed && taken && pci.exists()) {
            if (pci.byVfio()) {
                files.unbind();
            }
            restore();
        }
        closed = true;
    }

    @Override
    public String toString() {
        return pci + " with vfio-pci";
    }
}
