/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

/**
 * The regions and interrupts of a PCI device behind VFIO, and where a region lies in the device's
 * descriptor.
 */
public final class VfioPci {
    /** Region of BAR 0. */
    public static final int VFIO_PCI_BAR0_REGION_INDEX = 0;

    /** Region of BAR 1. */
    public static final int VFIO_PCI_BAR1_REGION_INDEX = 1;

    /** Region of BAR 2. */
    public static final int VFIO_PCI_BAR2_REGION_INDEX = 2;

    /** Region of BAR 3. */
    public static final int VFIO_PCI_BAR3_REGION_INDEX = 3;

    /** Region of BAR 4. */
    public static final int VFIO_PCI_BAR4_REGION_INDEX = 4;

    /** Region of BAR 5. */
    public static final int VFIO_PCI_BAR5_REGION_INDEX = 5;

    /** Region of the expansion ROM. */
    public static final int VFIO_PCI_ROM_REGION_INDEX = 6;

    /** Region of configuration space. */
    public static final int VFIO_PCI_CONFIG_REGION_INDEX = 7;

    /** Region of legacy VGA. */
    public static final int VFIO_PCI_VGA_REGION_INDEX = 8;

    /** Fixed regions; an index from here on is specific to the device. */
    public static final int VFIO_PCI_NUM_REGIONS = 9;

    /** INTx: one interrupt, maskable, masks itself. */
    public static final int VFIO_PCI_INTX_IRQ_INDEX = 0;

    /** MSI: up to 32 interrupts. */
    public static final int VFIO_PCI_MSI_IRQ_INDEX = 1;

    /** MSI-X: up to 2048 interrupts. */
    public static final int VFIO_PCI_MSIX_IRQ_INDEX = 2;

    /** An uncorrectable error of the device. */
    public static final int VFIO_PCI_ERR_IRQ_INDEX = 3;

    /** The kernel wants the device back. */
    public static final int VFIO_PCI_REQ_IRQ_INDEX = 4;

    /** Kinds of interrupt. */
    public static final int VFIO_PCI_NUM_IRQS = 5;

    /**
     * Bits of a descriptor offset below the region's index. In the kernel since 2012 and relied
     * upon, but not part of its headers: portable code takes {@link VfioRegionInfo#offset} instead.
     */
    public static final int OFFSET_SHIFT = 40;

    /** Bits of a descriptor offset that tell where in the region. */
    public static final long OFFSET_MASK = (1L << OFFSET_SHIFT) - 1;

    private VfioPci() {}

    /** Where that byte of that region lies in the device's descriptor (spec G). */
    public static long fileOffset(int region, long offset) {
        return ((long) region << OFFSET_SHIFT) | (offset & OFFSET_MASK);
    }

    /** Which region that byte of the device's descriptor belongs to. */
    public static int region(long fileOffset) {
        return (int) (fileOffset >>> OFFSET_SHIFT);
    }
}
