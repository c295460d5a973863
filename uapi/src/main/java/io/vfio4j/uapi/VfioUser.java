/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

/** Numbers of the vfio-user protocol that belong to no single message. */
public final class VfioUser {
    /** The protocol's major version; another one is another protocol. */
    public static final int VERSION_MAJOR = 0;

    /** The highest minor version this library knows. */
    public static final int VERSION_MINOR = 0;

    /** Header flags: command or reply. */
    public static final int VFIO_USER_F_TYPE_MASK = 0xf;

    /** Type of a command. */
    public static final int VFIO_USER_F_TYPE_COMMAND = 0x0;

    /** Type of a reply. */
    public static final int VFIO_USER_F_TYPE_REPLY = 0x1;

    /** Header flag of a command: send no reply, whatever happens. */
    public static final int VFIO_USER_F_NO_REPLY = 0x10;

    /** Header flag of a reply: the command failed, errno says how, no payload follows. */
    public static final int VFIO_USER_F_ERROR = 0x20;

    /** DMA_MAP flag: the device may read the region. */
    public static final int VFIO_USER_F_DMA_REGION_READ = 1 << 0;

    /** DMA_MAP flag: the device may write the region. */
    public static final int VFIO_USER_F_DMA_REGION_WRITE = 1 << 1;

    /** A sub-region's descriptor is an ioeventfd. */
    public static final int VFIO_USER_IO_FD_TYPE_IOEVENTFD = 0;

    /** A sub-region's descriptor is an ioregionfd. */
    public static final int VFIO_USER_IO_FD_TYPE_IOREGIONFD = 1;

    /** Flag of an ioeventfd sub-region: only writes of {@code datamatch} signal. */
    public static final int KVM_IOEVENTFD_FLAG_DATAMATCH = 1 << 0;

    /** Flag of an ioeventfd sub-region: it is in I/O port space. */
    public static final int KVM_IOEVENTFD_FLAG_PIO = 1 << 1;

    /**
     * Our extension: the interrupt that PME is, behind the kernel's five. It exists for a client
     * that has agreed to it in VERSION and a function that can signal PME.
     */
    public static final int VFIO_USER_PCI_PME_IRQ_INDEX = 5;

    private VfioUser() {}
}
