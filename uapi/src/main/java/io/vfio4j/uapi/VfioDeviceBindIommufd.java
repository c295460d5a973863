/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Vfio#VFIO_DEVICE_BIND_IOMMUFD}. Older kernels end after {@code out_devid},
 * 16 bytes.
 *
 * @param argsz bytes the caller provides, this structure and what follows it (u32)
 * @param flags 0 or {@link Vfio#VFIO_DEVICE_BIND_FLAG_TOKEN} (u32)
 * @param iommufd descriptor of {@code /dev/iommu} (s32)
 * @param outDevid output: the device's id in that iommufd (u32)
 * @param tokenUuidPtr address of 16 bytes of token, read only with {@code
 *     VFIO_DEVICE_BIND_FLAG_TOKEN} (u64)
 */
public record VfioDeviceBindIommufd(
        int argsz, int flags, int iommufd, int outDevid, long tokenUuidPtr) {
    /** {@code struct vfio_device_bind_iommufd}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_device_bind_iommufd")
                    .u32("argsz")
                    .u32("flags")
                    .s32("iommufd")
                    .u32("out_devid")
                    .u64("token_uuid_ptr")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioDeviceBindIommufd read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioDeviceBindIommufd(
                in.u32("argsz"),
                in.u32("flags"),
                in.s32("iommufd"),
                in.u32("out_devid"),
                in.u64("token_uuid_ptr"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .s32("iommufd", iommufd)
                .u32("out_devid", outDevid)
                .u64("token_uuid_ptr", tokenUuidPtr);
    }
}
