/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

import java.util.List;

/**
 * What {@link Vfio#VFIO_DEVICE_GET_PCI_HOT_RESET_INFO} tells: which devices a hot reset affects.
 *
 * <p>{@code count} times {@link VfioPciDependentDevice} follow.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags {@code VFIO_PCI_HOT_RESET_FLAG_*} (u32)
 * @param count devices that follow (u32)
 */
public record VfioPciHotResetInfo(int argsz, int flags, int count) {
    /** {@code struct vfio_pci_hot_reset_info}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_pci_hot_reset_info")
                    .u32("argsz")
                    .u32("flags")
                    .u32("count")
                    .flexible("devices", VfioPciDependentDevice.LAYOUT);

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioPciHotResetInfo read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioPciHotResetInfo(in.u32("argsz"), in.u32("flags"), in.u32("count"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("argsz", argsz).u32("flags", flags).u32("count", count);
    }

    /**
     * The devices of the info at that byte.
     *
     * @param end first byte of memory that is no longer part of the info
     * @throws IllegalArgumentException if {@code count} devices do not end before it
     */
    public static List<VfioPciDependentDevice> devices(Memory memory, long at, long end) {
        return StructArray.read(
                LAYOUT,
                VfioPciDependentDevice.LAYOUT,
                read(memory, at).count(),
                at,
                end,
                i -> VfioPciDependentDevice.read(memory, i));
    }
}
