/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

/**
 * Numbers of linux/iommufd.h, under the header's own names, as far as a VFIO client needs them:
 * address spaces, mappings, dirty tracking. Descriptor: {@code /dev/iommu}.
 */
public final class Iommufd {
    // No direction or size in the number: _IO(IOMMUFD_TYPE, number).
    private static final int IO = (';' << 8) | 0x80;

    /** The ioctl type of all requests. */
    public static final int IOMMUFD_TYPE = ';';

    /** The ioctl number of the first request. */
    public static final int IOMMUFD_CMD_BASE = 0x80;

    /** Argument: {@link IommuDestroy}. */
    public static final int IOMMU_DESTROY = IO + 0;

    /** Argument: {@link IommuIoasAlloc}. */
    public static final int IOMMU_IOAS_ALLOC = IO + 1;

    /** Argument: {@link IommuIoasCopy}. */
    public static final int IOMMU_IOAS_COPY = IO + 3;

    /** Argument: {@link IommuIoasIovaRanges}. */
    public static final int IOMMU_IOAS_IOVA_RANGES = IO + 4;

    /** Argument: {@link IommuIoasMap}. */
    public static final int IOMMU_IOAS_MAP = IO + 5;

    /** Argument: {@link IommuIoasUnmap}. */
    public static final int IOMMU_IOAS_UNMAP = IO + 6;

    /** Argument: {@link IommuOption}. */
    public static final int IOMMU_OPTION = IO + 7;

    /** Argument: {@link IommuHwptAlloc}. */
    public static final int IOMMU_HWPT_ALLOC = IO + 9;

    /** Argument: {@link IommuHwptSetDirtyTracking}. */
    public static final int IOMMU_HWPT_SET_DIRTY_TRACKING = IO + 11;

    /** Argument: {@link IommuHwptGetDirtyBitmap}. */
    public static final int IOMMU_HWPT_GET_DIRTY_BITMAP = IO + 12;

    // iommu_ioas_map.flags and iommu_ioas_copy.flags

    /** The device address is the caller's choice. */
    public static final int IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0;

    /** The device may write. */
    public static final int IOMMU_IOAS_MAP_WRITEABLE = 1 << 1;

    /** The device may read. */
    public static final int IOMMU_IOAS_MAP_READABLE = 1 << 2;

    // iommu_option

    /** Whether locked memory is counted by process (1) or by user (0). */
    public static final int IOMMU_OPTION_RLIMIT_MODE = 0;

    /** Whether an address space joins neighbouring pages (1) or not (0). */
    public static final int IOMMU_OPTION_HUGE_PAGES = 1;

    /** Set the option. */
    public static final int IOMMU_OPTION_OP_SET = 0;

    /** Get the option. */
    public static final int IOMMU_OPTION_OP_GET = 1;

    // iommu_hwpt_alloc

    /** The page table can be the parent of a nested one. */
    public static final int IOMMU_HWPT_ALLOC_NEST_PARENT = 1 << 0;

    /** The page table must be able to track dirty pages. */
    public static final int IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1;

    /** The fault queue is given. */
    public static final int IOMMU_HWPT_FAULT_ID_VALID = 1 << 2;

    /** The page table can be attached to a PASID. */
    public static final int IOMMU_HWPT_ALLOC_PASID = 1 << 3;

    /** No vendor data. */
    public static final int IOMMU_HWPT_DATA_NONE = 0;

    // Dirty tracking of a page table.

    /** Start to track. */
    public static final int IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1;

    /** Leave the dirty bits set. */
    public static final int IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1;

    private Iommufd() {}
}
