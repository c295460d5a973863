/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.conformance;

import io.vfio4j.client.HostSide;
import io.vfio4j.client.VfioDevice;

/** The device that is asked, and who can be asked about it. */
public interface Subject {
    /** Opens the device; closed by the caller, who opens it anew for each case. */
    VfioDevice open();

    /** Opens its host side; closed by the caller. */
    HostSide openHost();

    /** What a report calls it. */
    String name();

    /** Whether the kernel's vfio-pci drives it, not a server behind a socket. */
    boolean inKernel();

    /**
     * Gives the device to vfio-pci again, after the host took it away.
     *
     * @throws UnsupportedOperationException of a device behind a socket
     */
    default void bindAgain() {
        throw new UnsupportedOperationException(name() + " has no driver");
    }

    /** Whose answers are expected of it. */
    KernelProfile profile();
}
