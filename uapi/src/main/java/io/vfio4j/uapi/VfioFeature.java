/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.Optional;

/**
 * The features of VFIO_DEVICE_FEATURE: which operation each has and how much payload it needs at
 * least (spec A1, A2 steps 9 and 12).
 */
public enum VfioFeature {
    /** A secret shared by an SR-IOV PF and its VFs. */
    PCI_VF_TOKEN(Vfio.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN, Vfio.VFIO_DEVICE_FEATURE_SET, 16),
    /** Which migration states exist. */
    MIGRATION(
            Vfio.VFIO_DEVICE_FEATURE_MIGRATION,
            Vfio.VFIO_DEVICE_FEATURE_GET,
            VfioDeviceFeatureMigration.LAYOUT.size()),
    /** The migration state. */
    MIG_DEVICE_STATE(
            Vfio.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
            Vfio.VFIO_DEVICE_FEATURE_GET | Vfio.VFIO_DEVICE_FEATURE_SET,
            VfioDeviceFeatureMigState.LAYOUT.size()),
    /** Allow low power. */
    LOW_POWER_ENTRY(Vfio.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY, Vfio.VFIO_DEVICE_FEATURE_SET, 0),
    /** Allow low power once, and tell when it ends. */
    LOW_POWER_ENTRY_WITH_WAKEUP(
            Vfio.VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
            Vfio.VFIO_DEVICE_FEATURE_SET,
            VfioDeviceLowPowerEntryWithWakeup.LAYOUT.size()),
    /** End low power. */
    LOW_POWER_EXIT(Vfio.VFIO_DEVICE_FEATURE_LOW_POWER_EXIT, Vfio.VFIO_DEVICE_FEATURE_SET, 0),
    /** Start to log the pages that the device writes. */
    DMA_LOGGING_START(
            Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
            Vfio.VFIO_DEVICE_FEATURE_SET,
            VfioDeviceFeatureDmaLoggingControl.LAYOUT.size(),
            VfioUserDeviceFeatureDmaLoggingControl.LAYOUT.size()),
    /** Stop that log. */
    DMA_LOGGING_STOP(Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP, Vfio.VFIO_DEVICE_FEATURE_SET, 0),
    /** Read and clear that log. */
    DMA_LOGGING_REPORT(
            Vfio.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
            Vfio.VFIO_DEVICE_FEATURE_GET,
            VfioDeviceFeatureDmaLoggingReport.LAYOUT.size(),
            VfioUserDeviceFeatureDmaLoggingReport.LAYOUT.size()),
    /** How much STOP_COPY will have to move. */
    MIG_DATA_SIZE(
            Vfio.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
            Vfio.VFIO_DEVICE_FEATURE_GET,
            VfioDeviceFeatureMigDataSize.LAYOUT.size()),
    /** Bus mastering of a CDX device. */
    BUS_MASTER(
            Vfio.VFIO_DEVICE_FEATURE_BUS_MASTER,
            Vfio.VFIO_DEVICE_FEATURE_SET,
            VfioDeviceFeatureBusMaster.LAYOUT.size()),
    /** Export slices of a region as a dma-buf. */
    DMA_BUF(
            Vfio.VFIO_DEVICE_FEATURE_DMA_BUF,
            Vfio.VFIO_DEVICE_FEATURE_GET,
            VfioDeviceFeatureDmaBuf.LAYOUT.size()),
    /** Make the flags of {@link VfioPrecopyInfo} valid. */
    MIG_PRECOPY_INFO_V2(
            Vfio.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, Vfio.VFIO_DEVICE_FEATURE_SET, 0),
    /** The pending PCI error of an s390 device. */
    ZPCI_ERROR(
            Vfio.VFIO_DEVICE_FEATURE_ZPCI_ERROR,
            Vfio.VFIO_DEVICE_FEATURE_GET,
            VfioDeviceFeatureZpciErr.LAYOUT.size());

    private static final VfioFeature[] VALUES = values();

    private final int number;
    private final int operations;
    private final int kernelPayload;
    private final int wirePayload;

    VfioFeature(int number, int operations, int payload) {
        this(number, operations, payload, payload);
    }

    VfioFeature(int number, int operations, int kernelPayload, int wirePayload) {
        this.number = number;
        this.operations = operations;
        this.kernelPayload = kernelPayload;
        this.wirePayload = wirePayload;
    }

    /** The feature with that number, or empty: the kernel says ENOTTY to those (spec A2 step 7). */
    public static Optional<VfioFeature> of(int number) {
        return number >= 0 && number < VALUES.length
                ? Optional.of(VALUES[number])
                : Optional.empty();
    }

    /** The feature's number. */
    public int number() {
        return number;
    }

    /** Which of {@code VFIO_DEVICE_FEATURE_GET} and {@code _SET} the feature has. */
    public int operations() {
        return operations;
    }

    /** Bytes of payload the kernel needs at least; more is accepted. */
    public int kernelPayload() {
        return kernelPayload;
    }

    /** Bytes of payload a vfio-user request or reply has at least. */
    public int wirePayload() {
        return wirePayload;
    }
}
