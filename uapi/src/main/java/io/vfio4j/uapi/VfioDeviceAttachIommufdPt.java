/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Vfio#VFIO_DEVICE_ATTACH_IOMMUFD_PT}. Older kernels end after {@code
 * pt_id}, 12 bytes.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags 0 or {@link Vfio#VFIO_DEVICE_ATTACH_PASID} (u32)
 * @param ptId in: an IOAS or page table; out: what the device is attached to (u32)
 * @param pasid which address space of the device, only with the flag (u32)
 */
public record VfioDeviceAttachIommufdPt(int argsz, int flags, int ptId, int pasid) {
    /** {@code struct vfio_device_attach_iommufd_pt}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_attach_iommufd_pt")
                    .u32("argsz")
                    .u32("flags")
                    .u32("pt_id")
                    .u32("pasid")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceAttachIommufdPt read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceAttachIommufdPt(
                in.u32("argsz"), in.u32("flags"), in.u32("pt_id"), in.u32("pasid"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u32("pt_id", ptId)
                .u32("pasid", pasid);
    }
}
