/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Vfio#VFIO_DEVICE_PCI_HOT_RESET}.
 *
 * <p>{@code count} s32 descriptors of the affected devices' groups follow.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags must be 0 (u32)
 * @param count descriptors that follow; 0 for a device opened through its character device (u32)
 */
public record VfioPciHotReset(int argsz, int flags, int count) {
    /** {@code struct vfio_pci_hot_reset}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_pci_hot_reset")
                    .u32("argsz")
                    .u32("flags")
                    .u32("count")
                    .flexible("group_fds", Integer.BYTES);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioPciHotReset read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioPciHotReset(in.u32("argsz"), in.u32("flags"), in.u32("count"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("argsz", argsz).u32("flags", flags).u32("count", count);
    }
}
