/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Vfio#VFIO_DEVICE_DETACH_IOMMUFD_PT}. Older kernels end after {@code
 * flags}, 8 bytes.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags 0 or {@link Vfio#VFIO_DEVICE_DETACH_PASID} (u32)
 * @param pasid which address space of the device, only with the flag (u32)
 */
public record VfioDeviceDetachIommufdPt(int argsz, int flags, int pasid) {
    /** {@code struct vfio_device_detach_iommufd_pt}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_detach_iommufd_pt")
                    .u32("argsz")
                    .u32("flags")
                    .u32("pasid")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceDetachIommufdPt read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceDetachIommufdPt(in.u32("argsz"), in.u32("flags"), in.u32("pasid"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("argsz", argsz).u32("flags", flags).u32("pasid", pasid);
    }
}
