/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * What {@link Vfio#VFIO_DEVICE_SET_IRQS} does with a range of interrupts; vfio-user sends the same
 * structure, with eventfds beside the frame instead of in it.
 *
 * <p>{@code count} bytes (DATA_BOOL) or {@code count} s32 descriptors (DATA_EVENTFD, kernel only)
 * follow.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags exactly one {@code VFIO_IRQ_SET_DATA_*} and one {@code VFIO_IRQ_SET_ACTION_*} (u32)
 * @param index interrupt index (u32)
 * @param start first interrupt of the range (u32)
 * @param count interrupts in the range (u32)
 */
public record VfioIrqSet(int argsz, int flags, int index, int start, int count) {
    /** {@code struct vfio_irq_set}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_irq_set")
                    .u32("argsz")
                    .u32("flags")
                    .u32("index")
                    .u32("start")
                    .u32("count")
                    .flexible("data");

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioIrqSet read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioIrqSet(
                in.u32("argsz"),
                in.u32("flags"),
                in.u32("index"),
                in.u32("start"),
                in.u32("count"));
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
                .u32("start", start)
                .u32("count", count);
    }
}
