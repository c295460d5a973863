/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * What {@link Vfio#VFIO_DEVICE_GET_IRQ_INFO} tells of an interrupt index; vfio-user sends the same
 * structure.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags {@code VFIO_IRQ_INFO_*} (u32)
 * @param index interrupt index, such as {@link VfioPci#VFIO_PCI_MSIX_IRQ_INDEX} (u32)
 * @param count interrupts of this index (u32)
 */
public record VfioIrqInfo(int argsz, int flags, int index, int count) {
    /** {@code struct vfio_irq_info}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_irq_info")
                    .u32("argsz")
                    .u32("flags")
                    .u32("index")
                    .u32("count")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIrqInfo read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIrqInfo(in.u32("argsz"), in.u32("flags"), in.u32("index"), in.u32("count"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u32("index", index)
                .u32("count", count);
    }
}
