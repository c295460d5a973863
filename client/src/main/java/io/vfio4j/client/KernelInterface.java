/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.client;

/** By which of the kernel's two interfaces a real device is opened (spec G). */
public enum KernelInterface {
    /**
     * {@link #CDEV} if the kernel has it for this device and this user may open it, or else {@link
     * #GROUP}; with a {@link OpenOptions#vfToken} the other way round, since many kernels that have
     * the one take a token by the other only.
     */
    AUTOMATIC,
    /** {@code /dev/vfio/GROUP} and a container with the type 1 IOMMU: every kernel has it. */
    GROUP,
    /** {@code /dev/vfio/devices/vfioN} and {@code /dev/iommu}: Linux 6.6 and later, if built so. */
    CDEV
}
