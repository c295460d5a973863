/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import java.util.Optional;

/** The commands of vfio-user. Number 14 was DIRTY_PAGES and is gone. */
public enum VfioUserCommand {
    /** Agree on version and capabilities; always first. */
    VERSION(1, true),
    /** Here is memory for DMA. */
    DMA_MAP(2, true),
    /** That memory is gone. */
    DMA_UNMAP(3, true),
    /** What is the device? */
    DEVICE_GET_INFO(4, true),
    /** What is that region? */
    DEVICE_GET_REGION_INFO(5, true),
    /** Which parts of that region can be reached by descriptors? */
    DEVICE_GET_REGION_IO_FDS(6, true),
    /** What is that interrupt? */
    DEVICE_GET_IRQ_INFO(7, true),
    /** Set up, mask or trigger interrupts. */
    DEVICE_SET_IRQS(8, true),
    /** Read a region. */
    REGION_READ(9, true),
    /** Write a region. */
    REGION_WRITE(10, true),
    /** The server reads the client's memory. */
    DMA_READ(11, false),
    /** The server writes the client's memory. */
    DMA_WRITE(12, false),
    /** Reset the device. */
    DEVICE_RESET(13, true),
    /** Several small writes at once. */
    REGION_WRITE_MULTI(15, true),
    /** Get, set or probe a feature. */
    DEVICE_FEATURE(16, true),
    /** Read migration data. */
    MIG_DATA_READ(17, true),
    /** Write migration data. */
    MIG_DATA_WRITE(18, true);

    // Indexed by number, so that looking one up allocates nothing.
    private static final Optional<VfioUserCommand>[] BY_NUMBER = byNumber();

    private final int number;
    private final boolean fromClient;

    VfioUserCommand(int number, boolean fromClient) {
        this.number = number;
        this.fromClient = fromClient;
    }

    /** The command with that number, or empty. Allocates nothing. */
    public static Optional<VfioUserCommand> of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : Optional.empty();
    }

    /** The number in the header. */
    public int number() {
        return number;
    }

    /** Whether clients send it; servers send the others. */
    public boolean fromClient() {
        return fromClient;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // no generic arrays
    private static Optional<VfioUserCommand>[] byNumber() {
        Optional[] table = new Optional[MIG_DATA_WRITE.number + 1];
        java.util.Arrays.fill(table, Optional.empty());
        for (VfioUserCommand command : values()) {
            table[command.number] = Optional.of(command);
        }
        return table;
    }
}
