/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.device;

/**
 * One base address register as its author declares it. All are 32-bit, non-prefetchable memory BARs
 * unless {@code wide} says 64-bit (then the next index is taken as well).
 *
 * @param index 0..5
 * @param size bytes, a power of two, at least 16
 * @param backing what answers an access
 * @param wide a 64-bit BAR
 */
public record BarDescription(int index, long size, Backing backing, boolean wide) {

    /** What stands behind a BAR. */
    public enum Backing {
        /** Each access is a call of {@link PciDevice#readRegister} or {@code writeRegister}. */
        REGISTERS,
        /** Plain memory in the host, reached by messages only. */
        MEMORY,
        /** Plain memory that a client may also map; the mapping faults while the device sleeps. */
        MAPPABLE,
        /** The MSI-X table and pending bits. */
        MSIX
    }

    private static final long PAGE = 4096;

    /**
     * Checks the declaration.
     *
     * @throws IllegalArgumentException saying which rule of a BAR is broken
     */
    public BarDescription {
        if (index < 0 || index > 5 || (wide && index == 5)) {
            throw new IllegalArgumentException("BAR %d does not exist (0..5)".formatted(index));
        }
        if (size < 16 || Long.bitCount(size) != 1 || size > (1L << 40)) {
            throw new IllegalArgumentException(
                    "BAR %d: size 0x%x is not a power of two from 16 bytes to 1 TiB"
                            .formatted(index, size));
        }
        if (!wide && size > (1L << 31)) {
            throw new IllegalArgumentException(
                    "BAR %d: size 0x%x needs a 64-bit BAR".formatted(index, size));
        }
        if (backing == Backing.MAPPABLE && size < PAGE) {
            throw new IllegalArgumentException(
                    "BAR %d: a mappable BAR has whole pages, at least 4096 bytes".formatted(index));
        }
    }
}
