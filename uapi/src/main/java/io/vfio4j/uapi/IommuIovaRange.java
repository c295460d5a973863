/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * A range of device addresses.
 *
 * @param start first device address (u64)
 * @param last last device address (u64)
 */
public record IommuIovaRange(long start, long last) {
    /** {@code struct iommu_iova_range}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("iommu_iova_range").u64("start").u64("last").end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static IommuIovaRange read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new IommuIovaRange(in.u64("start"), in.u64("last"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u64("start", start).u64("last", last);
    }
}
