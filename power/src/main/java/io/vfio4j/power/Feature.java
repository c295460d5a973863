/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.power;

import java.util.Optional;

/** The device features 0 to 13: what each can do and how much payload it needs (spec A1, A2). */
public enum Feature {
    /** The token that a PF's user sets for its VFs. */
    PCI_VF_TOKEN(0, false, true, 16, 16, Refusal.ENOTTY),
    /** Migration flags. */
    MIGRATION(1, true, false, 8, 0, Refusal.ENOTTY),
    /** Migration state. */
    MIG_DEVICE_STATE(2, true, true, 8, 0, Refusal.ENOTTY),
    /** Permits low power. */
    LOW_POWER_ENTRY(3, false, true, 0, 0, Refusal.ENOTTY),
    /** Permits low power until the first wake, which is signalled. */
    LOW_POWER_ENTRY_WITH_WAKEUP(4, false, true, 8, 8, Refusal.ENOTTY),
    /** Ends low power. */
    LOW_POWER_EXIT(5, false, true, 0, 0, Refusal.ENOTTY),
    /** Starts DMA logging. */
    DMA_LOGGING_START(6, false, true, 24, 24, Refusal.ENOTTY),
    /** Stops DMA logging. */
    DMA_LOGGING_STOP(7, false, true, 0, 0, Refusal.ENOTTY),
    /** Reads and clears a DMA log; a GET that reads its payload. */
    DMA_LOGGING_REPORT(8, true, false, 32, 32, Refusal.ENOTTY),
    /** Estimated migration data size. */
    MIG_DATA_SIZE(9, true, false, 8, 0, Refusal.ENOTTY),
    /** Bus mastering, on the CDX bus only. */
    BUS_MASTER(10, false, true, 4, 4, Refusal.ENOTTY),
    /** Exports BAR ranges; a GET that reads its payload. */
    DMA_BUF(11, true, false, 16, 16, Refusal.ENOTTY),
    /** Opt-in to the second pre-copy info. */
    MIG_PRECOPY_INFO_V2(12, false, true, 0, 0, Refusal.EINVAL),
    /** s390 only; a device that has it checks the payload's length itself. */
    ZPCI_ERROR(13, true, false, 0, 0, Refusal.ENOTTY);

    private final int index;
    private final boolean get;
    private final boolean set;
    private final int minimumPayload;
    private final int getReads;
    private final Refusal lacking;

    Feature(
            int index,
            boolean get,
            boolean set,
            int minimumPayload,
            int getReads,
            Refusal lacking) {
        this.index = index;
        this.get = get;
        this.set = set;
        this.minimumPayload = minimumPayload;
        this.getReads = getReads;
        this.lacking = lacking;
    }

    /** The index in bits 15:0 of the flags. */
    public int index() {
        return index;
    }

    /** Whether it can be read. */
    public boolean canGet() {
        return get;
    }

    /** Whether it can be set. */
    public boolean canSet() {
        return set;
    }

    /** The least payload that argsz must speak of (step 12). */
    public int minimumPayload() {
        return minimumPayload;
    }

    /** The payload bytes that must be there (step 13): a GET usually brings none. */
    int payloadRead(boolean isSet) {
        return isSet ? minimumPayload : getReads;
    }

    /** The errno of a device without it, unless its driver says otherwise (step 8). */
    public Refusal lacking() {
        return lacking;
    }

    /** The feature of an index, if the newest kernel knows one. */
    public static Optional<Feature> of(int index) {
        for (Feature feature : values()) {
            if (feature.index == index) {
                return Optional.of(feature);
            }
        }
        return Optional.empty();
    }
}
