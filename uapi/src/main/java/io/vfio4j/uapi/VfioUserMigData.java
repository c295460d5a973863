/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.uapi;

import io.vfio4j.linux.Memory;

/**
 * Payload of MIG_DATA_READ, of its reply, and of MIG_DATA_WRITE.
 *
 * <p>{@code size} bytes of migration data follow in a READ's reply and in a WRITE.
 *
 * @param argsz bytes of this structure and the data (u32)
 * @param size bytes of data wished, or that follow (u32)
 */
public record VfioUserMigData(int argsz, int size) {
    /** {@code struct vfio_user_mig_data}. */
    public static final StructLayout LAYOUT =
            StructLayout.of("vfio_user_mig_data").u32("argsz").u32("size").flexible("data");

    /**
     * Reads the structure at that byte of memory; {@link IndexOutOfBoundsException} if it is cut
     * off.
     */
    public static VfioUserMigData read(Memory memory, long at) {
        var in = LAYOUT.reader(memory, at);
        return new VfioUserMigData(in.u32("argsz"), in.u32("size"));
    }

    /**
     * Writes the structure at that byte of memory, reserved fields as zero; {@link
     * IndexOutOfBoundsException} if it does not fit.
     */
    public void write(Memory memory, long at) {
        LAYOUT.writer(memory, at).u32("argsz", argsz).u32("size", size);
    }
}
