/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

/**
 * Numbers of linux/vfio.h, under the header's own names: ioctl requests, flags, capabilities,
 * feature indices. The PCI region and interrupt indices are in {@link VfioPci}, the structures in
 * records named after them.
 *
 * <p>What vfio-pci never meets is left out: SPAPR TCE and EEH (POWER), CCW, AP and zPCI regions
 * (s390), NVLink2, graphics planes and regions, and the first migration protocol, which the kernel
 * dropped.
 */
public final class Vfio {
    // No direction or size in the number: _IO(VFIO_TYPE, VFIO_BASE + n).
    private static final int IO = (';' << 8) | 100;

    /** What {@link #VFIO_GET_API_VERSION} returns. */
    public static final int VFIO_API_VERSION = 0;

    /** The ioctl type of all requests. */
    public static final int VFIO_TYPE = ';';

    /** The ioctl number of the first request. */
    public static final int VFIO_BASE = 100;

    // Requests on /dev/vfio/vfio, the container.

    /** No argument; returns {@link #VFIO_API_VERSION}. */
    public static final int VFIO_GET_API_VERSION = IO + 0;

    /** Argument: an extension's number; returns 0 if the container lacks it. */
    public static final int VFIO_CHECK_EXTENSION = IO + 1;

    /** Argument: {@link #VFIO_TYPE1v2_IOMMU} or another kind of IOMMU. */
    public static final int VFIO_SET_IOMMU = IO + 2;

    /** Argument: {@link VfioIommuType1Info}. */
    public static final int VFIO_IOMMU_GET_INFO = IO + 12;

    /** Argument: {@link VfioIommuType1DmaMap}. */
    public static final int VFIO_IOMMU_MAP_DMA = IO + 13;

    /** Argument: {@link VfioIommuType1DmaUnmap}. */
    public static final int VFIO_IOMMU_UNMAP_DMA = IO + 14;

    /** Argument: {@link VfioIommuType1DirtyBitmap}. */
    public static final int VFIO_IOMMU_DIRTY_PAGES = IO + 17;

    // Requests on /dev/vfio/N, an IOMMU group.

    /** Argument: {@link VfioGroupStatus}. */
    public static final int VFIO_GROUP_GET_STATUS = IO + 3;

    /** Argument: address of the container's s32 descriptor. */
    public static final int VFIO_GROUP_SET_CONTAINER = IO + 4;

    /** No argument; EBUSY while a device of the group is open. */
    public static final int VFIO_GROUP_UNSET_CONTAINER = IO + 5;

    /** Argument: the device's address as text, such as 0000:01:00.0; returns a descriptor. */
    public static final int VFIO_GROUP_GET_DEVICE_FD = IO + 6;

    // Requests on a device.

    /** Argument: {@link VfioDeviceInfo}. */
    public static final int VFIO_DEVICE_GET_INFO = IO + 7;

    /** Argument: {@link VfioRegionInfo}. */
    public static final int VFIO_DEVICE_GET_REGION_INFO = IO + 8;

    /** Argument: {@link VfioIrqInfo}. */
    public static final int VFIO_DEVICE_GET_IRQ_INFO = IO + 9;

    /** Argument: {@link VfioIrqSet}. */
    public static final int VFIO_DEVICE_SET_IRQS = IO + 10;

    /** No argument. */
    public static final int VFIO_DEVICE_RESET = IO + 11;

    /** Argument: {@link VfioPciHotResetInfo}. */
    public static final int VFIO_DEVICE_GET_PCI_HOT_RESET_INFO = IO + 12;

    /** Argument: {@link VfioPciHotReset}. */
    public static final int VFIO_DEVICE_PCI_HOT_RESET = IO + 13;

    /** Argument: {@link VfioDeviceIoeventfd}. */
    public static final int VFIO_DEVICE_IOEVENTFD = IO + 16;

    /** Argument: {@link VfioDeviceFeature}. */
    public static final int VFIO_DEVICE_FEATURE = IO + 17;

    /** Argument: {@link VfioDeviceBindIommufd}. */
    public static final int VFIO_DEVICE_BIND_IOMMUFD = IO + 18;

    /** Argument: {@link VfioDeviceAttachIommufdPt}. */
    public static final int VFIO_DEVICE_ATTACH_IOMMUFD_PT = IO + 19;

    /** Argument: {@link VfioDeviceDetachIommufdPt}. */
    public static final int VFIO_DEVICE_DETACH_IOMMUFD_PT = IO + 20;

    /** Argument: {@link VfioPrecopyInfo}; on a migration data descriptor. */
    public static final int VFIO_MIG_GET_PRECOPY_INFO = IO + 21;

    // Extensions, for VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU.

    /** The x86 IOMMU interface, first version. */
    public static final int VFIO_TYPE1_IOMMU = 1;

    /** POWER's. */
    public static final int VFIO_SPAPR_TCE_IOMMU = 2;

    /** The x86 IOMMU interface; unmaps must match maps. */
    public static final int VFIO_TYPE1v2_IOMMU = 3;

    /** The IOMMU enforces cache coherence. */
    public static final int VFIO_DMA_CC_IOMMU = 4;

    /** POWER's error handling. */
    public static final int VFIO_EEH = 5;

    /** POWER's, second version. */
    public static final int VFIO_SPAPR_TCE_v2_IOMMU = 7;

    /** No translation and no isolation. */
    public static final int VFIO_NOIOMMU_IOMMU = 8;

    /** {@link #VFIO_DMA_UNMAP_FLAG_ALL} is known. */
    public static final int VFIO_UNMAP_ALL = 9;

    /** The flags named VADDR are known. */
    public static final int VFIO_UPDATE_VADDR = 10;

    // vfio_group_status.flags

    /** All devices of the group are bound to vfio drivers or to none. */
    public static final int VFIO_GROUP_FLAGS_VIABLE = 1 << 0;

    /** The group has a container. */
    public static final int VFIO_GROUP_FLAGS_CONTAINER_SET = 1 << 1;

    // vfio_device_info.flags

    /** The device can be reset. */
    public static final int VFIO_DEVICE_FLAGS_RESET = 1 << 0;

    /** A PCI device. */
    public static final int VFIO_DEVICE_FLAGS_PCI = 1 << 1;

    /** A platform device. */
    public static final int VFIO_DEVICE_FLAGS_PLATFORM = 1 << 2;

    /** An AMBA device. */
    public static final int VFIO_DEVICE_FLAGS_AMBA = 1 << 3;

    /** An s390 channel device. */
    public static final int VFIO_DEVICE_FLAGS_CCW = 1 << 4;

    /** An s390 crypto device. */
    public static final int VFIO_DEVICE_FLAGS_AP = 1 << 5;

    /** A Freescale management complex device. */
    public static final int VFIO_DEVICE_FLAGS_FSL_MC = 1 << 6;

    /** Capabilities follow the info structure. */
    public static final int VFIO_DEVICE_FLAGS_CAPS = 1 << 7;

    /** A CDX device. */
    public static final int VFIO_DEVICE_FLAGS_CDX = 1 << 8;

    // Capabilities of the device info.

    /** {@link VfioDeviceInfoCapPciAtomicComp}. */
    public static final int VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP = 5;

    /** 32-bit AtomicOps are completed. */
    public static final int VFIO_PCI_ATOMIC_COMP32 = 1 << 0;

    /** 64-bit AtomicOps are completed. */
    public static final int VFIO_PCI_ATOMIC_COMP64 = 1 << 1;

    /** 128-bit AtomicOps are completed. */
    public static final int VFIO_PCI_ATOMIC_COMP128 = 1 << 2;

    // vfio_region_info.flags

    /** The region can be read. */
    public static final int VFIO_REGION_INFO_FLAG_READ = 1 << 0;

    /** The region can be written. */
    public static final int VFIO_REGION_INFO_FLAG_WRITE = 1 << 1;

    /** The region, or what its sparse mmap capability names, can be mapped. */
    public static final int VFIO_REGION_INFO_FLAG_MMAP = 1 << 2;

    /** Capabilities follow the info structure. */
    public static final int VFIO_REGION_INFO_FLAG_CAPS = 1 << 3;

    // Capabilities of a region.

    /** {@link VfioRegionInfoCapSparseMmap}. */
    public static final int VFIO_REGION_INFO_CAP_SPARSE_MMAP = 1;

    /** {@link VfioRegionInfoCapType}. */
    public static final int VFIO_REGION_INFO_CAP_TYPE = 2;

    /** Pages that hold the MSI-X table can be mapped too; only a header. */
    public static final int VFIO_REGION_INFO_CAP_MSIX_MAPPABLE = 3;

    /** The type's low 16 bits are a PCI vendor id. */
    public static final int VFIO_REGION_TYPE_PCI_VENDOR_TYPE = 1 << 31;

    /** The vendor id in such a type. */
    public static final int VFIO_REGION_TYPE_PCI_VENDOR_MASK = 0xffff;

    // vfio_irq_info.flags

    /** The interrupts can signal eventfds. */
    public static final int VFIO_IRQ_INFO_EVENTFD = 1 << 0;

    /** The interrupts can be masked and unmasked. */
    public static final int VFIO_IRQ_INFO_MASKABLE = 1 << 1;

    /** An interrupt masks itself when it fires. */
    public static final int VFIO_IRQ_INFO_AUTOMASKED = 1 << 2;

    /** Vectors cannot be added without disabling all first. */
    public static final int VFIO_IRQ_INFO_NORESIZE = 1 << 3;

    // vfio_irq_set.flags

    /** Act at once on the whole range. */
    public static final int VFIO_IRQ_SET_DATA_NONE = 1 << 0;

    /** Act at once on those whose byte is not 0. */
    public static final int VFIO_IRQ_SET_DATA_BOOL = 1 << 1;

    /** Act when, or by, an eventfd; -1 undoes. */
    public static final int VFIO_IRQ_SET_DATA_EVENTFD = 1 << 2;

    /** Mask. */
    public static final int VFIO_IRQ_SET_ACTION_MASK = 1 << 3;

    /** Unmask. */
    public static final int VFIO_IRQ_SET_ACTION_UNMASK = 1 << 4;

    /** Trigger, or say what a trigger signals. */
    public static final int VFIO_IRQ_SET_ACTION_TRIGGER = 1 << 5;

    /** Exactly one of these bits is set. */
    public static final int VFIO_IRQ_SET_DATA_TYPE_MASK =
            VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_DATA_EVENTFD;

    /** Exactly one of these bits is set. */
    public static final int VFIO_IRQ_SET_ACTION_TYPE_MASK =
            VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_ACTION_TRIGGER;

    // vfio_pci_hot_reset_info.flags and vfio_pci_dependent_device.devid

    /** The devices are told by iommufd id, not by group. */
    public static final int VFIO_PCI_HOT_RESET_FLAG_DEV_ID = 1 << 0;

    /** The caller owns all of them. */
    public static final int VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED = 1 << 1;

    /** Owned through its group, without an id of its own. */
    public static final int VFIO_PCI_DEVID_OWNED = 0;

    /** Not owned by the caller. */
    public static final int VFIO_PCI_DEVID_NOT_OWNED = -1;

    // vfio_device_ioeventfd.flags

    /** Write 1 byte. */
    public static final int VFIO_DEVICE_IOEVENTFD_8 = 1 << 0;

    /** Write 2 bytes. */
    public static final int VFIO_DEVICE_IOEVENTFD_16 = 1 << 1;

    /** Write 4 bytes. */
    public static final int VFIO_DEVICE_IOEVENTFD_32 = 1 << 2;

    /** Write 8 bytes. */
    public static final int VFIO_DEVICE_IOEVENTFD_64 = 1 << 3;

    /** The bits that tell the size. */
    public static final int VFIO_DEVICE_IOEVENTFD_SIZE_MASK = 0xf;

    // vfio_device_feature.flags; any other bit above 15 is EINVAL (spec A2 step 5).

    /** The feature's number. */
    public static final int VFIO_DEVICE_FEATURE_MASK = 0xffff;

    /** Get the feature's data. */
    public static final int VFIO_DEVICE_FEATURE_GET = 1 << 16;

    /** Set the feature's data, or perform it. */
    public static final int VFIO_DEVICE_FEATURE_SET = 1 << 17;

    /** Only ask whether the feature and the operations named beside exist. */
    public static final int VFIO_DEVICE_FEATURE_PROBE = 1 << 18;

    // Features; VfioFeature tells what each takes.

    /** A secret shared by an SR-IOV PF and its VFs: 16 bytes. */
    public static final int VFIO_DEVICE_FEATURE_PCI_VF_TOKEN = 0;

    /** {@link VfioDeviceFeatureMigration}. */
    public static final int VFIO_DEVICE_FEATURE_MIGRATION = 1;

    /** {@link VfioDeviceFeatureMigState}. */
    public static final int VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE = 2;

    /** Allow low power (spec B3); no payload. */
    public static final int VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY = 3;

    /** {@link VfioDeviceLowPowerEntryWithWakeup} (spec B3). */
    public static final int VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP = 4;

    /** End low power (spec B3); no payload. */
    public static final int VFIO_DEVICE_FEATURE_LOW_POWER_EXIT = 5;

    /** {@link VfioDeviceFeatureDmaLoggingControl} (spec F). */
    public static final int VFIO_DEVICE_FEATURE_DMA_LOGGING_START = 6;

    /** Stop the log (spec F); no payload. */
    public static final int VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP = 7;

    /** {@link VfioDeviceFeatureDmaLoggingReport} (spec F). */
    public static final int VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT = 8;

    /** {@link VfioDeviceFeatureMigDataSize}. */
    public static final int VFIO_DEVICE_FEATURE_MIG_DATA_SIZE = 9;

    /** {@link VfioDeviceFeatureBusMaster}. */
    public static final int VFIO_DEVICE_FEATURE_BUS_MASTER = 10;

    /** {@link VfioDeviceFeatureDmaBuf}. */
    public static final int VFIO_DEVICE_FEATURE_DMA_BUF = 11;

    /** Make {@link VfioPrecopyInfo}'s flags valid; no payload. */
    public static final int VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2 = 12;

    /** {@link VfioDeviceFeatureZpciErr}. */
    public static final int VFIO_DEVICE_FEATURE_ZPCI_ERROR = 13;

    // Values in the features' payloads.

    /** The states STOP, STOP_COPY and RESUMING exist. */
    public static final int VFIO_MIGRATION_STOP_COPY = 1 << 0;

    /** The state RUNNING_P2P exists. */
    public static final int VFIO_MIGRATION_P2P = 1 << 1;

    /** The state PRE_COPY exists. */
    public static final int VFIO_MIGRATION_PRE_COPY = 1 << 2;

    /** There is new first-pass data. */
    public static final int VFIO_PRECOPY_INFO_REINIT = 1 << 0;

    /** Block the device's DMA. */
    public static final int VFIO_DEVICE_FEATURE_CLEAR_MASTER = 0;

    /** Allow the device's DMA. */
    public static final int VFIO_DEVICE_FEATURE_SET_MASTER = 1;

    // vfio_device_bind_iommufd.flags and those of attach and detach

    /** A token is given. */
    public static final int VFIO_DEVICE_BIND_FLAG_TOKEN = 1 << 0;

    /** Attach one PASID of the device. */
    public static final int VFIO_DEVICE_ATTACH_PASID = 1 << 0;

    /** Detach one PASID of the device. */
    public static final int VFIO_DEVICE_DETACH_PASID = 1 << 0;

    // vfio_device_feature_mig_state.device_state; VfioDeviceMigState names them.

    /** Failed; only a reset helps. */
    public static final int VFIO_DEVICE_STATE_ERROR = 0;

    /** Neither its state nor anything outside changes. */
    public static final int VFIO_DEVICE_STATE_STOP = 1;

    /** Runs. */
    public static final int VFIO_DEVICE_STATE_RUNNING = 2;

    /** Stopped, and its state can be read. */
    public static final int VFIO_DEVICE_STATE_STOP_COPY = 3;

    /** Stopped, and takes a new state. */
    public static final int VFIO_DEVICE_STATE_RESUMING = 4;

    /** Runs, but starts no DMA to other devices. */
    public static final int VFIO_DEVICE_STATE_RUNNING_P2P = 5;

    /** Runs, and its state can be read meanwhile. */
    public static final int VFIO_DEVICE_STATE_PRE_COPY = 6;

    /** Both of the two before. */
    public static final int VFIO_DEVICE_STATE_PRE_COPY_P2P = 7;

    /** How many states there are. */
    public static final int VFIO_DEVICE_STATE_NR = 8;

    // Type 1 container: vfio_iommu_type1_info and its capabilities, map, unmap, dirty pages.

    /** The page sizes are valid. */
    public static final int VFIO_IOMMU_INFO_PGSIZES = 1 << 0;

    /** Capabilities follow the info structure. */
    public static final int VFIO_IOMMU_INFO_CAPS = 1 << 1;

    /** {@link VfioIommuType1InfoCapIovaRange}. */
    public static final int VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE = 1;

    /** {@link VfioIommuType1InfoCapMigration}. */
    public static final int VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION = 2;

    /** {@link VfioIommuType1InfoDmaAvail}. */
    public static final int VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL = 3;

    /** The device may read. */
    public static final int VFIO_DMA_MAP_FLAG_READ = 1 << 0;

    /** The device may write. */
    public static final int VFIO_DMA_MAP_FLAG_WRITE = 1 << 1;

    /** Only give an existing mapping its address in this process again. */
    public static final int VFIO_DMA_MAP_FLAG_VADDR = 1 << 2;

    /** Get the dirty bitmap while unmapping. */
    public static final int VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP = 1 << 0;

    /** Unmap everything; address and size are 0. */
    public static final int VFIO_DMA_UNMAP_FLAG_ALL = 1 << 1;

    /** Only forget the address in this process. */
    public static final int VFIO_DMA_UNMAP_FLAG_VADDR = 1 << 2;

    /** Start to log dirty pages. */
    public static final int VFIO_IOMMU_DIRTY_PAGES_FLAG_START = 1 << 0;

    /** Stop the log. */
    public static final int VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP = 1 << 1;

    /** Get the bitmap. */
    public static final int VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP = 1 << 2;

    private Vfio() {}
}
