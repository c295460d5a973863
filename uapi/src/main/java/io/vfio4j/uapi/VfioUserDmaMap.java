/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of DMA_MAP; the reply has none. {@code argsz} is the size of this structure, 32.
 *
 * @param argsz bytes of this structure (u32)
 * @param flags {@link VfioUser#VFIO_USER_F_DMA_REGION_READ} and {@link
 *     VfioUser#VFIO_USER_F_DMA_REGION_WRITE} (u32)
 * @param offset where the region starts in the descriptor beside the frame (u64)
 * @param address first device address (u64)
 * @param size bytes (u64)
 */
public record VfioUserDmaMap(int argsz, int flags, long offset, long address, long size) {
    /** {@code struct vfio_user_dma_map}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_dma_map")
                    .u32("argsz")
                    .u32("flags")
                    .u64("offset")
                    .u64("address")
                    .u64("size")
                    .end();

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserDmaMap read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserDmaMap(
                in.u32("argsz"),
                in.u32("flags"),
                in.u64("offset"),
                in.u64("address"),
                in.u64("size"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at)
                .u32("argsz", argsz)
                .u32("flags", flags)
                .u64("offset", offset)
                .u64("address", address)
                .u64("size", size);
    }
}
