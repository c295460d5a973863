/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * The argument of {@link Iommufd#IOMMU_HWPT_ALLOC}.
 *
 * @param size bytes of this structure (u32)
 * @param flags {@code IOMMU_HWPT_ALLOC_*} (u32)
 * @param devId the device, as BIND_IOMMUFD gave it (u32)
 * @param ptId the address space or parent page table (u32)
 * @param outHwptId output: the page table (u32)
 * @param dataType {@link Iommufd#IOMMU_HWPT_DATA_NONE}, or a vendor's (u32)
 * @param dataLen bytes of vendor data (u32)
 * @param dataUptr address of vendor data (u64)
 * @param faultId fault queue, only with {@link Iommufd#IOMMU_HWPT_FAULT_ID_VALID} (u32)
 */
public record IommuHwptAlloc(
        int size,
        int flags,
        int devId,
        int ptId,
        int outHwptId,
        int dataType,
        int dataLen,
        long dataUptr,
        int faultId) {
    /** {@code struct iommu_hwpt_alloc}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_hwpt_alloc")
                    .u32("size")
                    .u32("flags")
                    .u32("dev_id")
                    .u32("pt_id")
                    .u32("out_hwpt_id")
                    .u32("__reserved")
                    .u32("data_type")
                    .u32("data_len")
                    .u64("data_uptr")
                    .u32("fault_id")
                    .u32("__reserved2")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuHwptAlloc read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuHwptAlloc(
                in.u32("size"),
                in.u32("flags"),
                in.u32("dev_id"),
                in.u32("pt_id"),
                in.u32("out_hwpt_id"),
                in.skip("__reserved").u32("data_type"),
                in.u32("data_len"),
                in.u64("data_uptr"),
                in.u32("fault_id"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("size", size)
                .u32("flags", flags)
                .u32("dev_id", devId)
                .u32("pt_id", ptId)
                .u32("out_hwpt_id", outHwptId)
                .zero("__reserved")
                .u32("data_type", dataType)
                .u32("data_len", dataLen)
                .u64("data_uptr", dataUptr)
                .u32("fault_id", faultId)
                .zero("__reserved2");
    }
}
