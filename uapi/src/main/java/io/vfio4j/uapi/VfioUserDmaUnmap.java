/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of DMA_UNMAP, and of its reply.
 *
 * @param argsz bytes that the reply's payload may have; in the reply, bytes that it needs (u32)
 * @param flags 0, or {@link Vfio#VFIO_DMA_UNMAP_FLAG_ALL} with address and size 0 (u32)
 * @param address first device address, as it was mapped (u64)
 * @param size bytes, as it was mapped (u64)
 */
public record VfioUserDmaUnmap(int argsz, int flags, long address, long size) {
    /** {@code struct vfio_user_dma_unmap}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_dma_unmap")
                    .u32("argsz")
                    .u32("flags")
                    .u64("address")
                    .u64("size")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserDmaUnmap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserDmaUnmap(
                in.u32("argsz"), in.u32("flags"), in.u64("address"), in.u64("size"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u64("address", address)
                .u64("size", size);
    }
}
